use std::fmt::Write;

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// The header that carries the signature.
pub(super) const HEADER: &str = "x-trailwarden-signature";

/// Signs bodies: `X-Trailwarden-Signature: t=<unix seconds>,v1=<hex>`, HMAC-SHA256 of `<unix seconds>.<body>` under a
/// secret. The time is signed with the body, so that a receiver can refuse what somebody recorded and sends again.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// Signs with this secret.
    ///
    /// # Errors
    /// The secret cannot be a key; HMAC takes any, so that this does not happen.
    pub fn new(secret: &str) -> Result<Self, InvalidLength> {
        Hmac::new_from_slice(secret.as_bytes()).map(Self)
    }

    /// The value of the header.
    pub fn sign(&self, body: &[u8], now: Timestamp) -> String {
        let seconds = now.as_second().to_string();
        let mut mac = self.0.clone();
        mac.update(seconds.as_bytes());
        mac.update(b".");
        mac.update(body);
        format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes()))
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_openssl_says() {
        let signer = Signer::new("it is a secret").unwrap();
        // printf '1785585600.{"version":1}' | openssl dgst -sha256 -hmac 'it is a secret'
        let now = Timestamp::from_second(1_785_585_600).unwrap();
        assert_eq!(
            signer.sign(br#"{"version":1}"#, now),
            "t=1785585600,v1=d0790e1f72349937b1287decb792153015ca58a8b8d490e9a7b1e5cffe71b62b"
        );
    }
}
