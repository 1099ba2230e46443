#include "services/cli/app.h"

// SIGPIPE keeps its default here: "kefu client list --all | head" should end quietly.
int main(int count, char** arguments) { return kefu::cli::RunApp({arguments + 1, arguments + count}); }
