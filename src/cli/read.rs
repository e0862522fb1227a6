//! Saved snapshots.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::de::IgnoredAny;

use crate::snapshot::Snapshot;

/// The snapshots of files, of standard input (`-`), and of every `*.json` in a directory, in the order of the names.
///
/// # Errors
/// Something cannot be read or is no snapshot, or a directory holds none; the error names it.
pub(super) fn snapshots(places: &[PathBuf]) -> anyhow::Result<Vec<Snapshot>> {
    let mut all = Vec::new();
    for place in places {
        let cannot = || format!("{} cannot be judged", place.display());
        if place.is_dir() {
            for file in json_files(place).with_context(cannot)? {
                all.extend(of_file(&file)?);
            }
        } else {
            all.extend(of_file(place)?);
        }
    }
    Ok(all)
}

fn json_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> = std::fs::read_dir(directory)?.collect();
    let mut files: Vec<PathBuf> = entries?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("the directory has no *.json");
    }
    Ok(files)
}

fn of_file(path: &Path) -> anyhow::Result<Vec<Snapshot>> {
    let cannot = || format!("{} cannot be judged", path.display());
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.with_context(cannot)?;
    documents(&text)
        .into_iter()
        .map(|document| Snapshot::from_json(document).with_context(cannot))
        .collect()
}

/// The JSON documents that stand one after the other, as `trailwarden snapshot` prints several accounts. What is no JSON
/// stays in one piece, for the reader to tell why.
fn documents(text: &str) -> Vec<&str> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut documents = Vec::new();
    let mut begin = 0;
    while let Some(document) = stream.next() {
        if document.is_err() {
            return vec![text];
        }
        let end = stream.byte_offset();
        documents.extend(text.get(begin..end));
        begin = end;
    }
    if documents.is_empty() {
        documents.push(text);
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_stand_one_after_the_other() {
        for (text, expected) in [
            ("{\"a\":1}", vec!["{\"a\":1}"]),
            ("{}\n[]\n", vec!["{}", "\n[]"]),
            ("", vec![""]),
            (" \n", vec![" \n"]),
            ("{} {", vec!["{} {"]),
            ("no", vec!["no"]),
        ] {
            assert_eq!(documents(text), expected, "{text:?}");
        }
    }
}
