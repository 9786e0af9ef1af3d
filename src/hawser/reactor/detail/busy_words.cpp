#include <hawser/reactor/detail/busy_words.h>

#include <fmt/format.h>

namespace hawser::detail {

std::string waitingInWords(std::size_t jobs) {
  return jobs == 1 ? "1 job waits" : fmt::format("{} jobs wait", jobs);
}

std::string inWords(const std::vector<BusyThread>& busyWith) {
  constexpr std::size_t most = 10;
  if (busyWith.empty()) return "threads are free";
  std::string text = fmt::format(
      "{} busy with ", busyWith.size() == 1 ? "only busy thread is"
                                            : fmt::format("{} threads are", busyWith.size()));
  for (std::size_t i = 0; i < busyWith.size() && i < most; ++i)
    text += fmt::format("{}{}:{} (for {:.3g} s)", i == 0 ? "" : ", ", busyWith[i].where.file_name(),
                        busyWith[i].where.line(),
                        std::chrono::duration<double>(busyWith[i].lasted).count());
  if (busyWith.size() > most) text += fmt::format(", and {} more", busyWith.size() - most);
  return text;
}

}  // namespace hawser::detail
