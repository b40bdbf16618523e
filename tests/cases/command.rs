//! The binary under test, in an environment of its own, and small task definitions for it.

use std::path::{Path, PathBuf};

use snapbox::cmd::{Command, OutputAssert};

/// A folder of the test's own that the command runs in.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn with(self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// fargauge with nothing of the caller's AWS or fargauge settings, nor of the caller's price book.
    pub fn fargauge(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fargauge")).current_dir(self.0.path());
        // A price book that the user of this machine keeps is none of the tests' business.
        command = command.env("XDG_DATA_HOME", self.path("data"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("AWS_") || text.starts_with("FARGAUGE_") || text == "COLUMNS" {
                command = command.env_remove(&name);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> OutputAssert {
        self.fargauge().args(arguments).assert()
    }
}

/// stdout of a run.
pub fn stdout(run: &OutputAssert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

/// stderr of a run.
pub fn stderr(run: &OutputAssert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

/// A Fargate task definition with these `cpu` and `memory`, given as JSON.
pub fn definition(cpu: &str, memory: &str) -> String {
    format!(
        r#"{{"family": "web", "requiresCompatibilities": ["FARGATE"], "cpu": {cpu}, "memory": {memory},
            "containerDefinitions": [{{"name": "app", "image": "<IMAGE1_NAME>"}}]}}"#
    )
}
