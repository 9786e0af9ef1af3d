// A function that is only sometimes asynchronous.
//
// A cache has some poems at hand and must wait for others. Its caller should not have to know: it
// gets a Deferred in either case. There are two ways to that.
//
//   succeed        in the function itself: what is at hand is returned as a Deferred that has fired
//   maybeDeferred  around any function: a plain value, an exception and a Deferred all become a
//                  Deferred

#include <hawser/defer/deferred.h>
#include <hawser/defer/maybe_deferred.h>

#include <fmt/core.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

using namespace hawser;

// Poems are fetched by somebody else, who will fire the Resolvers.
class PoemCache {
 public:
  Deferred<std::string> getPoem(const std::string& name) {
    if (auto found = poems_.find(name); found != poems_.end()) return succeed(found->second);

    auto [poem, resolver] = makeDeferred<std::string>();
    fetching_.insert_or_assign(name, std::move(resolver));
    return std::move(poem).addCallback([this, name](std::string text) {
      poems_[name] = text;
      return text;
    });
  }

  void fetched(const std::string& name, std::string text) {
    fetching_.extract(name).mapped().callback(std::move(text));
  }

 private:
  std::map<std::string, std::string> poems_;
  std::map<std::string, Resolver<std::string>> fetching_;
};

void print(const std::string& text) { fmt::print("  got: {}\n", text); }
void complain(const Failure& why) { fmt::print("  failed: {}\n", why.getErrorMessage()); }

void withSucceed() {
  PoemCache cache;
  fmt::print("The first time, the poem must be fetched:\n");
  auto first = cache.getPoem("fog").addCallback(print);
  fmt::print("  (waiting)\n");
  cache.fetched("fog", "The fog comes on little cat feet.");

  fmt::print("The second time, it is there at once:\n");
  auto second = cache.getPoem("fog").addCallback(print);
  fmt::print("  (not waiting)\n");
}

// Three ways to translate a poem. Only the last one is asynchronous.
std::string quote(const std::string& poem) { return "'" + poem + "'"; }
std::string refuse(const std::string&) { throw std::runtime_error("this cannot be translated"); }

class Translator {
 public:
  Deferred<std::string> translate(const std::string& poem) {
    auto [translated, resolver] = makeDeferred<std::string>();
    finish_ = std::move(resolver);
    return std::move(translated).addCallback([poem](const std::string& language) {
      return poem + ", in " + language;
    });
  }
  void finish() { finish_.callback("French"); }

 private:
  Resolver<std::string> finish_;
};

// Takes any of them: what the function returns or throws, the answer is a Deferred.
template <class Translation>
Deferred<void> printTranslated(Translation translation) {
  return maybeDeferred(std::move(translation), std::string("fog"))
      .addCallback(print)
      .addErrback(complain);
}

void withMaybeDeferred() {
  fmt::print("A translation that returns a string:\n");
  auto quoted = printTranslated(quote);

  fmt::print("A translation that throws:\n");
  auto refused = printTranslated(refuse);

  fmt::print("A translation that takes its time:\n");
  Translator translator;
  auto translated = printTranslated(
      [&translator](const std::string& poem) { return translator.translate(poem); });
  fmt::print("  (waiting)\n");
  translator.finish();
}

int main() {
  withSucceed();
  withMaybeDeferred();
}
