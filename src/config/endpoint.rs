use std::str::FromStr;

use super::arn::Arn;
use super::values::{Invalid, invalid};

/// Where a subscription delivers, with the protocol that its form implies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    text: String,
    protocol: &'static str,
}

impl Endpoint {
    /// The endpoint as SNS prints it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The protocol by its name in SNS: `sqs`, `lambda`, `firehose`, `application`, `email`, `https`, `http` or `sms`.
    pub const fn protocol(&self) -> &'static str {
        self.protocol
    }
}

impl FromStr for Endpoint {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let protocol = if text.starts_with("arn:") {
            arn_protocol(text)?
        } else if let Some((scheme, rest)) = text.split_once("://") {
            url_protocol(scheme, rest)?
        } else if text.starts_with('+') {
            phone_protocol(text)?
        } else if text.contains('@') {
            email_protocol(text)?
        } else {
            return invalid("it has the form of none of these");
        };
        Ok(Self {
            text: text.to_owned(),
            protocol,
        })
    }
}

fn arn_protocol(text: &str) -> Result<&'static str, Invalid> {
    let arn = Arn::parse(text)?;
    arn.regional()?;
    match arn.service {
        "sqs" => Ok("sqs"),
        "lambda" if arn.resource.starts_with("function:") => Ok("lambda"),
        "firehose" if arn.resource.starts_with("deliverystream/") => Ok("firehose"),
        "sns" if arn.resource.starts_with("endpoint/") => Ok("application"),
        "sns" => invalid("it is a topic, which cannot subscribe; name it in expect.topics"),
        other => invalid(format!("SNS does not deliver to this resource of {other}")),
    }
}

fn url_protocol(scheme: &str, rest: &str) -> Result<&'static str, Invalid> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return invalid("it names no host");
    }
    if authority.contains('@') {
        return invalid("it carries a password, and a secret never stands in the configuration");
    }
    match scheme {
        "https" => Ok("https"),
        "http" => Ok("http"),
        _ => invalid("SNS delivers to https:// and http:// only"),
    }
}

fn phone_protocol(text: &str) -> Result<&'static str, Invalid> {
    let digits = text.get(1..).unwrap_or_default();
    if (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok("sms")
    } else {
        invalid("a phone number is + and 7 to 15 digits")
    }
}

fn email_protocol(text: &str) -> Result<&'static str, Invalid> {
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    if plausible && !text.contains(char::is_whitespace) {
        Ok("email")
    } else {
        invalid("it is no e-mail address")
    }
}
