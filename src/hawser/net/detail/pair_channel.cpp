#include <hawser/net/detail/pair_channel.h>

#include <stdexcept>

namespace hawser::detail {

ChannelPtr PairChannel::of(Backend& backend, int input, int output) {
  return ChannelPtr(new PairChannel(backend, input, output));
}

void PairChannel::undo(ChannelPtr pair) noexcept {
  if (!pair) return;
  auto& self = static_cast<PairChannel&>(*pair);
  self.input_->leave();
  self.output_->leave();
}

PairChannel::PairChannel(Backend& backend, int input, int output)
    : input_(std::make_unique<StandardDescriptor>(input, StandardDescriptor::Use::input)),
      output_(std::make_unique<StandardDescriptor>(output, StandardDescriptor::Use::output)),
      in_(backend.adopt(input_->open())),
      out_(backend.adopt(output_->open())) {
  input_->take();
  // A socket that is both is told (`shutdownSend`), and closed once.
  if (output != input) output_->take();
}

void PairChannel::cancelSend() noexcept {
  if (out_) out_->cancelSend();
}

std::error_code PairChannel::shutdownSend() noexcept {
  // A socket that is the input, too, stays open, and has to be told.
  const std::error_code error = output_->isSocket() ? out_->shutdownSend() : std::error_code();
  out_ = nullptr;
  output_ = nullptr;
  return error;
}

void PairChannel::refuse() {
  throw std::logic_error("standard input and output are connected already");
}

std::error_code PairChannel::unsupported() noexcept {
  return std::make_error_code(std::errc::operation_not_supported);
}

}  // namespace hawser::detail
