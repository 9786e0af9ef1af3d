#pragma once

#include <hawser/defer/detail/list_source.h>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// The kinds of list that `gather` makes: of the values alone, since the first failure ends it.
namespace hawser::detail {

/// Places for values that come in any order: at once in the vector that is asked for where an
/// empty place costs nothing, else beside it.
template <class T>
class Places {
  static constexpr bool inPlace =
      std::is_trivial_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 64;

 public:
  explicit Places(std::size_t size) : places_(size) {}
  void keep(std::size_t index, T&& value) {
    if constexpr (inPlace)
      places_[index] = value;
    else
      places_[index].emplace(std::move(value));
  }
  T& operator[](std::size_t index) noexcept {
    if constexpr (inPlace)
      return places_[index];
    else
      return *places_[index];
  }
  std::size_t size() const noexcept { return places_.size(); }
  std::vector<T> take() {
    if constexpr (inPlace) {
      return std::move(places_);
    } else {
      std::vector<T> values;
      values.reserve(places_.size());
      for (std::optional<T>& place : places_) values.push_back(*std::move(place));
      return values;
    }
  }

 private:
  std::vector<std::conditional_t<inPlace, T, std::optional<T>>> places_;
};

template <>
class Places<void> {
 public:
  explicit Places(std::size_t size) noexcept : size_(size) {}
  void keep(std::size_t, Unit&&) noexcept {}
  std::size_t size() const noexcept { return size_; }
  Unit take() noexcept { return {}; }

 private:
  std::size_t size_;
};

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, void, std::vector<Stored<T>>>;

template <class T>
struct GatherVector : ListKind {
  using Output = Gathered<T>;

  explicit GatherVector(std::size_t size) : values(size) {}
  template <std::size_t>
  void keep(std::size_t index, Stored<T>&& value) {
    values.keep(index, std::move(value));
  }
  Stored<Output> complete() { return values.take(); }

  Places<T> values;
};

template <class T>
using InTuple = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class... T>
struct GatherTuple : ListKind {
  using Output = std::tuple<InTuple<T>...>;
  static constexpr bool typed = true;

  template <std::size_t I, class V>
  void keep(std::size_t, V&& value) {
    if constexpr (std::is_same_v<V, Unit>)
      std::get<I>(values).emplace();
    else
      std::get<I>(values).emplace(std::forward<V>(value));
  }
  Output complete() {
    return std::apply([](auto&... place) { return Output(*std::move(place)...); }, values);
  }

  std::tuple<std::optional<InTuple<T>>...> values;
};

/// The text of a key, or nothing if it has none.
template <class Key>
std::string textOfKey(const Key& key) {
  using std::to_string;
  if constexpr (std::convertible_to<const Key&, std::string_view>) {
    return std::string(std::string_view(key));
  } else if constexpr (requires {
                         { to_string(key) } -> std::convertible_to<std::string>;
                       }) {
    return to_string(key);
  } else {
    return {};
  }
}

/// One value a key, as a std::map or std::unordered_map has it; these are not named here, since who
/// includes this would pay for both.
template <class Map>
concept UniqueMap = requires { typename Map::insert_return_type; };

template <class Key, class T>
using MapAllocator = std::allocator<std::pair<const Key, Stored<T>>>;

/// Of a map of Deferreds, the same kind of map of their values.
template <class Map>
struct GatheredMap;
template <template <class, class, class, class> class Map, class Key, class T, class Compare,
          class Allocator>
  requires UniqueMap<Map<Key, Deferred<T>, Compare, Allocator>>
struct GatheredMap<Map<Key, Deferred<T>, Compare, Allocator>> {
  using Value = T;
  using Type = std::conditional_t<std::is_void_v<T>, void,
                                  Map<Key, Stored<T>, Compare, MapAllocator<Key, T>>>;
  template <class From>
  static Stored<Type> empty(const From& from) {
    return Stored<Type>(from.key_comp());
  }
};
template <template <class, class, class, class, class> class Map, class Key, class T, class Hash,
          class Equal, class Allocator>
  requires UniqueMap<Map<Key, Deferred<T>, Hash, Equal, Allocator>>
struct GatheredMap<Map<Key, Deferred<T>, Hash, Equal, Allocator>> {
  using Value = T;
  using Type = std::conditional_t<std::is_void_v<T>, void,
                                  Map<Key, Stored<T>, Hash, Equal, MapAllocator<Key, T>>>;
  template <class From>
  static Stored<Type> empty(const From& from) {
    return Stored<Type>(from.size(), from.hash_function(), from.key_eq());
  }
};

template <class Map>
struct GatherMap : ListKind {
  using T = typename GatheredMap<Map>::Value;
  using Key = typename Map::key_type;
  using Output = typename GatheredMap<Map>::Type;

  /// Moves the Deferreds into `members`.
  GatherMap(Map&& from, std::vector<Deferred<T>>& members)
      : values(from.size()), result(emptyLike(from)) {
    keys.reserve(from.size());
    members.reserve(from.size());
    while (!from.empty()) {
      auto entry = from.extract(from.begin());
      members.push_back(std::move(entry.mapped()));
      keys.push_back(std::move(entry.key()));
    }
  }

  template <std::size_t>
  void keep(std::size_t index, Stored<T>&& value) {
    values.keep(index, std::move(value));
  }
  Failure firstError(std::size_t index, Failure why, std::source_location where) const {
    return Failure(FirstError(index, textOfKey(keys[index]), why), where).withCause(std::move(why));
  }
  Stored<Output> complete() {
    if constexpr (!std::is_void_v<T>)
      for (std::size_t i = 0; i < keys.size(); ++i)
        result.emplace_hint(result.end(), std::move(keys[i]), std::move(values[i]));
    return std::move(result);
  }

  static Stored<Output> emptyLike(const Map& from) {
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return GatheredMap<Map>::empty(from);
  }

  std::vector<Key> keys;
  Places<T> values;
  Stored<Output> result;
};

}  // namespace hawser::detail
