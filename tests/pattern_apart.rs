//! The room of the pattern language could be a crate of its own.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Paths of our own crate that do not stay in the room, and crates that it does not name as its own.
fn strays(text: &str) -> Vec<&str> {
    const FOREIGN: [&str; 4] = ["tokio::", "aws_", "tracing::", "std::time"];
    text.lines()
        .filter(|line| {
            !["///", "//!"]
                .iter()
                .any(|doc| line.trim_start().starts_with(doc))
        })
        .filter(|line| {
            let leaves = line
                .match_indices("crate::")
                .any(|(at, _)| !line[at..].starts_with("crate::pattern::"));
            leaves
                || FOREIGN.iter().any(|name| line.contains(name))
                || line.contains("trailwarden::")
        })
        .collect()
}

#[test]
fn pattern_room_uses_no_other_room() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pattern"),
        &mut files,
    );
    assert!(files.len() > 30, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(strays(&text), [""; 0], "{}", file.display());
        // `super` of the room's own files would leave it.
        let in_room = file
            .parent()
            .is_some_and(|parent| parent.ends_with("src/pattern"));
        if in_room && file.ends_with("mod.rs") {
            assert!(!text.contains("super::"), "{}", file.display());
        }
        assert!(!text.contains("super::super::super"), "{}", file.display());
    }
}

#[test]
fn a_stray_path_is_seen() {
    assert_eq!(
        strays("use crate::pattern::Regex;\n/// use trailwarden::pattern;"),
        [""; 0]
    );
    assert_eq!(
        strays("use crate::snapshot::Region;"),
        ["use crate::snapshot::Region;"]
    );
    assert_eq!(
        strays("use tokio::sync::watch;"),
        ["use tokio::sync::watch;"]
    );
}
