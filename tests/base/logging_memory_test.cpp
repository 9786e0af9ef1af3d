#include <hawser/base/logging.h>

#include "base/heap_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace hawser::logging {
namespace {

TEST(LoggingMemory, lacksAndStandardErrorSaysThatAnEventIsMissing) {
  const Observation observer = addObserver([](const Event&) {});
  ::testing::internal::CaptureStderr();
  {
    const HeapLimit limit(0);
    error("bad news");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("hawser: an event could not be written: out of memory\n")) << text;
}

TEST(LoggingMemory, lacksAndAnEventThatNoObserverGotIsWritten) {
  int calls = 0;
  const Observation silence = silenceStderr();
  const Observation observer = addObserver([&](const Event&) { ++calls; });
  ::testing::internal::CaptureStderr();
  {
    const HeapLimit limit(0);
    error("bad news");
  }
  error("more bad news");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text, "hawser: an event could not be written: out of memory\n");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace hawser::logging
