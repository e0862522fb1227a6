use std::fmt::Write;

use super::schema::{self, AnyKey, KEYS};

/// What there is to know of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReference {
    /// Its dotted name in the file.
    pub key: &'static str,
    /// The flag that sets it, without the hyphens in front.
    pub flag: String,
    /// The variable that sets it.
    pub variable: String,
    /// What is accepted.
    pub expected: String,
    /// The default as TOML; none where not configured means something of its own.
    pub default: Option<&'static str>,
    /// What it is for.
    pub doc: &'static str,
}

/// Every key, in the order of the reference.
pub fn keys() -> impl Iterator<Item = KeyReference> {
    KEYS.iter().map(|key: &&dyn AnyKey| KeyReference {
        key: key.path(),
        flag: schema::flag(key.path()),
        variable: schema::variable(key.path()),
        expected: key.expected(),
        default: key.default(),
        doc: key.doc(),
    })
}

/// The keys as a page of Markdown.
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    for key in keys() {
        let default = key
            .default
            .map_or_else(|| "none".to_owned(), |text| format!("`{text}`"));
        let KeyReference {
            key,
            flag,
            variable,
            expected,
            doc,
            ..
        } = key;
        // Writing to a text cannot fail.
        let _: std::fmt::Result = write!(
            page,
            "\n## `{key}`\n\n{doc}\n\n- accepts: {expected}\n- default: {default}\n- variable: `{variable}`, flag: `--{flag}`\n"
        );
    }
    page
}

const HEAD: &str = "\
# Configuration

<!-- Made from src/config/schema.rs by `BLESS=1 cargo test --test config_reference`. -->

Each setting comes from the last of these layers that names it: its default, the TOML file (`--config PATH`, else
`/etc/trailwarden/trailwarden.toml` if it exists), its variable, its flag. A list replaces the list of an earlier layer. Profile,
region, endpoint and credentials are not settings: they come from the AWS SDK's own chain (`AWS_PROFILE`, `AWS_REGION`,
`AWS_ENDPOINT_URL`, ...).

Unknown keys, wrong types and values that contradict each other end the process with exit code 64 and one message that lists
all of them. Variables that Kubernetes injects for a Service named trailwarden (`TRAILWARDEN_PORT*`, `TRAILWARDEN_SERVICE_*`)
are ignored. In a variable or flag a list is written `a,b` or `[\"a\", \"b\"]`, a list of tables `[{account = 012345678901}]`;
an empty text undoes what an earlier layer says of a setting that has no default.
A secret is never a value: a key that ends in `_file` names the file that holds it, by its absolute path.

`trailwarden config` prints the settings in effect and the source of each; `trailwarden config --check` only checks them. Neither
calls AWS.
";
