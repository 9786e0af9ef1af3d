#include <hawser/reactor/detail/descriptor_passing.h>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace hawser::detail {

namespace {

/// Room for the control message of as many descriptors as there can be.
struct alignas(cmsghdr) Control {
  std::byte bytes[CMSG_SPACE(mostDescriptors * sizeof(int))];
};

}  // namespace

ssize_t sendDescriptors(int socket, std::span<iovec> pieces,
                        const std::vector<FileDescriptor>& descriptors) noexcept {
  Control control{};
  const std::size_t bytes = descriptors.size() * sizeof(int);
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  message.msg_control = &control;
  message.msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  unsigned char* place = CMSG_DATA(header);
  for (const FileDescriptor& descriptor : descriptors) {
    const int number = descriptor.get();
    std::memcpy(place, &number, sizeof number);
    place += sizeof number;
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t receiveWithDescriptors(int socket, std::span<std::byte> buffer,
                               std::vector<FileDescriptor>& descriptors) noexcept {
  Control control;  // written by the kernel before it is read
  iovec piece{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0) return count;
  // Where every one of them got lost there is no control message either.
  int error = (message.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const unsigned char* place = CMSG_DATA(header);
    for (std::size_t left = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); left > 0; --left) {
      int number = -1;
      std::memcpy(&number, place, sizeof number);
      place += sizeof number;
      FileDescriptor received(number);
      try {
        descriptors.push_back(std::move(received));
      } catch (const std::bad_alloc&) {
        error = ENOMEM;  // this one is closed, and so will be the others
      }
    }
  }
  if (error == 0) return count;
  descriptors.clear();
  errno = error;
  return -1;
}

}  // namespace hawser::detail
