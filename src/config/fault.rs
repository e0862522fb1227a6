use std::fmt;

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it comes from: a file, a variable, a flag, or several of them.
    pub source: String,
    /// The key at fault, such as `heal.mode` or `scope[1].account`; none where the source as a whole is.
    pub key: Option<String>,
    /// What is wrong, one sentence. Never contains what may be a secret.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(formatter, "{}: {key}: {}", self.source, self.message),
            None => write!(formatter, "{}: {}", self.source, self.message),
        }
    }
}

/// The configuration cannot be used. Displays every fault, a line each. The process exits with 64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Everything that is wrong; never empty.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.as_slice() {
            [only] => write!(formatter, "the configuration has a fault\n  {only}"),
            faults => {
                write!(formatter, "the configuration has {} faults", faults.len())?;
                faults
                    .iter()
                    .try_for_each(|fault| write!(formatter, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
