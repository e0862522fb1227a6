//! The reference page is made from the table of keys. `BLESS=1` writes it.

use std::path::Path;

use trailwarden::config::{keys, reference};

#[test]
fn the_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        page,
        reference(),
        "docs/configuration.md has drifted; BLESS=1 writes it"
    );
}

#[test]
fn every_key_is_set_by_one_variable_and_one_flag_of_its_own() {
    let mut names: Vec<String> = keys().flat_map(|key| [key.variable, key.flag]).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    let mode = keys()
        .find(|key| key.key == "heal.budget_per_hour")
        .unwrap();
    assert_eq!(mode.variable, "TRAILWARDEN_HEAL__BUDGET_PER_HOUR");
    assert_eq!(mode.flag, "heal-budget-per-hour");
}
