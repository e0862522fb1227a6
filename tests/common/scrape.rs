//! What /metrics says.

use std::time::Duration;

/// A daemon that does not answer for so long hangs.
const LIMIT: Duration = Duration::from_secs(10);

/// One scrape.
#[derive(Debug, Clone)]
pub struct Scrape(String);

impl Scrape {
    /// Reads the metrics at this address; none while nobody answers.
    pub fn of(address: &str) -> Option<Self> {
        let request = ureq::get(format!("http://{address}/metrics"));
        let request = request.config().timeout_global(Some(LIMIT)).build();
        let mut answer = request.call().ok()?;
        // A thousand accounts fill more than ureq reads unasked.
        let body = answer.body_mut().with_config().limit(u64::MAX);
        Some(Self(body.read_to_string().ok()?))
    }

    /// The value of the first series of that name that has all these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.series(name, labels).next()
    }

    /// The sum over every series of that name that has all these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.series(name, labels).sum()
    }

    fn series<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = f64> + 'a {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (given, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.rsplit_once("} ")?,
                None => ("", rest.strip_prefix(' ')?),
            };
            let has = |(label, text): &(&str, &str)| given.contains(&format!("{label}=\"{text}\""));
            labels.iter().all(has).then(|| value.parse().ok())?
        })
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.0
    }
}
