//! The page of permissions is made from the table. `BLESS=1` writes it.

use std::path::Path;

use trailwarden::permission::reference;

#[test]
fn the_page_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        page,
        reference(),
        "docs/permissions.md has drifted; BLESS=1 writes it"
    );
}
