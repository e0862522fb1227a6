use super::{Benchmark, CIS_VERSIONS, Catalogue, CisVersion, Control};

/// Why a name picks no control.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No control of the benchmark has that name.
    #[error("no control is called {name:?} in benchmark {benchmark}; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The benchmark that was configured.
        benchmark: Benchmark,
        /// Every key with its ids.
        known: String,
    },
    /// Several controls have that name.
    #[error("{name:?} is ambiguous: it may be {candidates}; give the key")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The keys of those that it may be.
        candidates: String,
    },
}

impl Catalogue {
    /// The control of a name: a key (`cloudtrail-config-changes`), a CIS id of the benchmark (`4.5`, `CIS-4.5`) or a
    /// Security Hub id (`CloudWatch.5`). Capital letters do not matter.
    ///
    /// # Errors
    /// No control or several have that name; the error lists what there is.
    pub fn find(&self, name: &str, benchmark: &Benchmark) -> Result<&Control, FindError> {
        let wanted = name.trim().to_ascii_lowercase();
        let found: Vec<&Control> = self
            .controls()
            .iter()
            .filter(|control| control.is_in(benchmark) && answers_to(control, &wanted, benchmark))
            .collect();
        match found.as_slice() {
            [only] => Ok(only),
            [] => Err(FindError::Unknown {
                name: name.to_owned(),
                benchmark: *benchmark,
                known: self.known(benchmark),
            }),
            several => Err(FindError::Ambiguous {
                name: name.to_owned(),
                candidates: several
                    .iter()
                    .map(|control| control.key.as_str())
                    .collect::<Vec<_>>()
                    .join(" or "),
            }),
        }
    }

    /// The controls of several names, each once, in the order of the names; `all` is every control of the benchmark.
    ///
    /// # Errors
    /// As [`Catalogue::find`].
    pub fn select(
        &self,
        names: &[String],
        benchmark: &Benchmark,
    ) -> Result<Vec<&Control>, FindError> {
        let mut chosen: Vec<&Control> = Vec::new();
        for name in names {
            let of_name: Vec<&Control> = if name.trim().eq_ignore_ascii_case("all") {
                self.controls()
                    .iter()
                    .filter(|control| control.is_in(benchmark))
                    .collect()
            } else {
                vec![self.find(name, benchmark)?]
            };
            for control in of_name {
                if chosen.iter().all(|other| other.key != control.key) {
                    chosen.push(control);
                }
            }
        }
        Ok(chosen)
    }

    fn known(&self, benchmark: &Benchmark) -> String {
        let one = |control: &Control| {
            let mut ids: Vec<String> = control.cis_display(benchmark).into_iter().collect();
            ids.extend(control.security_hub.clone());
            if ids.is_empty() {
                control.key.clone()
            } else {
                format!("{} ({})", control.key, ids.join(", "))
            }
        };
        self.controls()
            .iter()
            .filter(|control| control.is_in(benchmark))
            .map(one)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn answers_to(control: &Control, wanted: &str, benchmark: &Benchmark) -> bool {
    let security_hub = control
        .security_hub
        .as_ref()
        .is_some_and(|id| id.eq_ignore_ascii_case(wanted));
    if control.key.eq_ignore_ascii_case(wanted) || security_hub {
        return true;
    }
    let id = wanted
        .strip_prefix("cis-")
        .or_else(|| wanted.strip_prefix("cis "))
        .unwrap_or(wanted);
    versions(benchmark)
        .iter()
        .any(|version| control.cis_id(*version).is_some_and(|known| known == id))
}

/// The CIS versions whose ids a benchmark understands. Security Hub's standards carry those of 1.2.0 and later.
fn versions(benchmark: &Benchmark) -> Vec<CisVersion> {
    match benchmark {
        Benchmark::Cis(version) => vec![*version],
        Benchmark::Any | Benchmark::SecurityHub => CIS_VERSIONS.to_vec(),
    }
}
