use std::{path::PathBuf, sync::Arc};

use super::*;

fn source(text: &str) -> SourceText {
    SourceText::from_text(Arc::new(PathBuf::from("t.yaml")), text)
}
