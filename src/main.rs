//! The `fargauge` binary: hands its arguments to the library and ends with the exit code it gets.

fn main() -> std::process::ExitCode {
    fargauge::cli::run(std::env::args_os()).into()
}
