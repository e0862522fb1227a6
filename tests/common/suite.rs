//! Tests that share one LocalStack, each with an account of its own, so that they run at the same time.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Conclusion, Trial};
use tokio::runtime::Runtime;

use super::aws::Account;
use super::emulator::Emulator;

/// What makes tests of functions that take a fresh account.
pub struct Suite {
    arguments: Arguments,
    runtime: Runtime,
    /// None while tests are only listed.
    emulator: Option<Arc<Emulator>>,
    trials: Vec<Trial>,
}

impl Suite {
    /// Reads the command line and starts LocalStack; so many tests run at the same time, unless the command line says otherwise.
    pub fn begin(parallel: usize) -> Self {
        let mut arguments = Arguments::from_args();
        arguments.test_threads = arguments.test_threads.or(Some(parallel));
        let runtime = Runtime::new().expect("a runtime");
        let emulator = (!arguments.list).then(|| Arc::new(runtime.block_on(Emulator::start())));
        Self {
            arguments,
            runtime,
            emulator,
            trials: Vec::new(),
        }
    }

    pub fn test<F>(
        &mut self,
        name: impl Into<String>,
        test: impl FnOnce(Account) -> F + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        let (handle, emulator) = (self.runtime.handle().clone(), self.emulator.clone());
        self.trials.push(Trial::test(name, move || {
            let emulator = emulator.ok_or("no LocalStack")?;
            handle.block_on(async { test(Account::fresh(&emulator).await).await });
            Ok(())
        }));
    }

    /// A test of two accounts.
    pub fn pair<F>(
        &mut self,
        name: impl Into<String>,
        test: impl FnOnce(Account, Account) -> F + Send + 'static,
    ) where
        F: Future<Output = ()>,
    {
        let emulator = self.emulator.clone();
        self.test(name, async move |first| {
            let emulator = emulator.expect("a LocalStack runs, since the first account is there");
            let second = Account::fresh(&emulator).await;
            test(first, second).await;
        });
    }

    /// Runs the tests, then looks at LocalStack once more, and ends it.
    pub fn run(
        self,
        afterwards: impl FnOnce(&Emulator, &Conclusion) -> Result<(), String>,
    ) -> ExitCode {
        let conclusion = libtest_mimic::run(&self.arguments, self.trials);
        let after = self
            .emulator
            .as_ref()
            .map_or(Ok(()), |emulator| afterwards(emulator, &conclusion));
        // The container is removed by a call that needs the runtime.
        self.runtime.block_on(async { drop(self.emulator) });
        if let Err(reason) = after {
            eprintln!("{reason}");
            return ExitCode::from(101);
        }
        conclusion.exit_code()
    }
}
