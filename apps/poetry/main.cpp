#include <poetry/command_line.h>
#include <poetry/program.h>

int main(int argc, char** argv) {
  poetry::Command command;
  if (const auto status = poetry::parseCommandLine(argc, argv, command)) return *status;
  return poetry::runProgram(command.name, std::move(command.main));
}
