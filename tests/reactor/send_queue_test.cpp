#include <hawser/reactor/send_queue.h>

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <random>

namespace hawser::tests {
namespace {

std::string contentOf(const SendQueue& queue) {
  std::vector<iovec> pieces(1000);
  pieces.resize(queue.gather(pieces));
  std::string text;
  for (const iovec& piece : pieces)
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return text;
}
std::size_t piecesOf(const SendQueue& queue) {
  std::vector<iovec> pieces(1000);
  return queue.gather(pieces);
}

TEST(SendQueue, keepsTheOrderOfWhatIsAppended) {
  SendQueue queue;
  queue.append("one ");
  queue.append(std::string("two "));
  queue.append(std::make_shared<const std::string>("three"));
  EXPECT_EQ(queue.size(), 13u);
  EXPECT_EQ(contentOf(queue), "one two three");
}

TEST(SendQueue, copiesSmallPiecesTogether) {
  SendQueue queue;
  for (int i = 0; i < 100; ++i) queue.append("0123456789");
  EXPECT_EQ(piecesOf(queue), 1u);
}

TEST(SendQueue, copiesMuchIntoFewPieces) {
  const std::string text(60'000, 'x');
  SendQueue one;
  one.append(std::string_view(text));
  EXPECT_EQ(piecesOf(one), 1u);
  SendQueue many;
  for (int i = 0; i < 600; ++i) many.append(std::string_view(text).substr(0, 1'000));
  EXPECT_LE(piecesOf(many), 20u);
  EXPECT_EQ(contentOf(many), std::string(600'000, 'x'));
}

TEST(SendQueue, takesOverLongStringsWithoutACopy) {
  SendQueue queue;
  std::string text(100'000, 'x');
  const char* const where = text.data();
  queue.append(std::move(text));
  iovec piece{};
  ASSERT_EQ(queue.gather(std::span(&piece, 1)), 1u);
  EXPECT_EQ(piece.iov_base, where);
}

TEST(SendQueue, sharesLongStringsThatOthersHold) {
  const auto text = std::make_shared<const std::string>(100'000, 'x');
  {
    SendQueue one;
    SendQueue two;
    one.append(text);
    two.append(text);
    EXPECT_EQ(text.use_count(), 3);
    one.consume(text->size());
    EXPECT_EQ(text.use_count(), 2);
  }
  EXPECT_EQ(text.use_count(), 1);
}

TEST(SendQueue, movingLeavesTheSourceEmptyAndUsable) {
  SendQueue queue;
  queue.append("first");
  SendQueue other = std::move(queue);
  EXPECT_TRUE(queue.empty());
  queue.append("second");
  EXPECT_EQ(contentOf(queue), "second");
  other.append(std::move(queue));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(contentOf(other), "firstsecond");
  queue = std::move(other);
  EXPECT_EQ(contentOf(queue), "firstsecond");
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(piecesOf(queue), 0u);
}

TEST(SendQueue, consumingFromTheFrontLeavesTheRest) {
  std::mt19937 random(1);
  SendQueue queue;
  std::string model;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t bytes = random() % 9000;
    std::string text(bytes, static_cast<char>('a' + step % 26));
    model += text;
    switch (random() % 3) {
      case 0:
        queue.append(std::string_view(text));
        break;
      case 1:
        queue.append(std::move(text));
        break;
      default:
        queue.append(std::make_shared<const std::string>(std::move(text)));
    }
    const std::size_t sent = random() % (model.size() + 1);
    queue.consume(sent);
    model.erase(0, sent);
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(contentOf(queue), model);
  }
}

}  // namespace
}  // namespace hawser::tests
