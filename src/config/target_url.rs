use std::net::IpAddr;
use std::str::FromStr;

use figment::value::Value;

use super::setting::{Problem, Setting, wrong_type};
use super::values::{Invalid, invalid};

/// An URL that notifications are posted to: `https://`, or `http://` on this very machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl(String);

impl TargetUrl {
    /// The whole URL. Its path may be a secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Ok(url) = text.parse::<hyper::Uri>() else {
            return invalid("it is no URL");
        };
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return invalid("it does not begin with https://");
        };
        if authority.as_str().contains('@') {
            return invalid("it carries a user name or password");
        }
        match scheme {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_this_machine(authority.host()) => Ok(Self(text.to_owned())),
            "http" => invalid("http:// is for this machine only: others could read and change it"),
            _ => invalid("it does not begin with https://"),
        }
    }
}

/// Not shown where it is wrong: it may hold a secret all the same.
impl Setting for TargetUrl {
    fn expected() -> String {
        "an https:// URL".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Some(text) = value.as_str() else {
            return wrong_type(&Self::expected(), value);
        };
        text.parse().map_err(|Invalid(reason)| {
            vec![Problem::here(format!(
                "expected {}: {reason}",
                Self::expected()
            ))]
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_leaves_the_machine() {
        for good in [
            "https://hooks.slack.com/services/T0/B0/x",
            "https://example.com:8443/a?b=c",
            "http://127.0.0.1:8080/hook",
            "http://[::1]:8080/",
            "http://localhost/hook",
            "http://127.9.9.9",
        ] {
            assert_eq!(good.parse(), Ok(TargetUrl(good.to_owned())), "{good}");
        }
        for bad in [
            "",
            "example.com/hook",
            "/hook",
            "http://example.com/hook",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "http://[::2]/",
            "ftp://example.com/",
            "https://user:secret@example.com/",
            "https://exa mple.com/",
            "https:///path",
        ] {
            assert!(bad.parse::<TargetUrl>().is_err(), "{bad}");
        }
    }
}
