use std::fmt;
use std::str::FromStr;

use super::arn::RoleArn;
use super::values::{Invalid, invalid};

/// How the feed is wired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiring {
    /// What the names of everything made begin with.
    pub prefix: WiringPrefix,
    /// The role that alone may receive from the queue.
    pub consumer_role_arn: Option<RoleArn>,
    /// The organization whose accounts may send to the central bus.
    pub organization_id: Option<OrganizationId>,
    /// Whether each sweep checks it.
    pub check: bool,
}

/// What names begin with. Queues, buses, roles and rules all take it, and something behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiringPrefix(String);

impl WiringPrefix {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WiringPrefix {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !begins || !is_plain || text.ends_with('-') || text.len() > 40 {
            return invalid("a prefix is 1 to 40 letters, digits and hyphens, a letter first");
        }
        if ["aws", "default"].contains(&text.to_ascii_lowercase().as_str()) {
            return invalid("no bus may be called so");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for WiringPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The id of an organization, such as `o-a1b2c3d4e5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationId {
    type Err = Invalid;

    /// The form that the Organizations API gives it.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_id = text.strip_prefix("o-").is_some_and(|id| {
            (10..=32).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            invalid("an organization looks like o-a1b2c3d4e5")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_of_queues_buses_roles_and_rules() {
        for text in ["trailwarden", "tw-b", "A1", &"x".repeat(40)] {
            assert_eq!(text.parse::<WiringPrefix>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "1a",
            "-a",
            "a-",
            "a_b",
            "a/b",
            "aws",
            "default",
            &"x".repeat(41),
        ] {
            assert!(text.parse::<WiringPrefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_organization_is_known_by_its_form() {
        assert!("o-a1b2c3d4e5".parse::<OrganizationId>().is_ok());
        for text in ["", "o-", "r-a1b2c3d4e5", "o-A1B2C3D4E5", "a1b2c3d4e5"] {
            assert!(text.parse::<OrganizationId>().is_err(), "{text}");
        }
    }
}
