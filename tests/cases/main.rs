//! The command line as a user meets it: spawns the binary, looks at stdout, stderr and the exit code.
//! Links nothing of fargauge.

mod command;
mod exit_codes;
mod hostile;
mod output;
mod price;
mod prices;
