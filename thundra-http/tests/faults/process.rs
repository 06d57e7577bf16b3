//! A program in a separate process, and the readers of the pipes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::account::{Account, Arrived};
use crate::collector::Collector;
use crate::long;
use crate::program::{CONTROL, KIND};

/// The longest time of an order, unless the program hangs. Within this time, the exporter finds a collector that is
/// back.
fn longest() -> Duration {
    Duration::from_secs(if long() { 120 } else { 45 })
}

/// The program's report after an order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Spans made since the start.
    pub(crate) made: u64,
    /// Messages without our context since the start.
    pub(crate) incomplete: u64,
    /// Spans that wait for the next flush.
    pub(crate) waiting: u64,
    /// The duration of the order.
    pub(crate) elapsed: Duration,
    /// The duration of each flush.
    pub(crate) flushes: Vec<Duration>,
}

impl Report {
    fn read(line: &str) -> Self {
        let mut words = line.trim_end().split(' ');
        let mut number = || words.next().unwrap().parse::<u64>().unwrap();
        let (made, incomplete, waiting, elapsed) = (number(), number(), number(), number());
        let micros =
            |word: &str| word.split(',').filter_map(|micros| micros.parse().ok()).map(Duration::from_micros).collect();
        let flushes = words.next().map(micros).unwrap_or_default();
        Report { made, incomplete, waiting, elapsed: Duration::from_micros(elapsed), flushes }
    }

    pub(crate) fn longest(&self) -> Duration {
        self.flushes.iter().copied().max().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> Duration {
        self.flushes.iter().sum()
    }

    pub(crate) fn median(&self) -> Duration {
        let mut flushes = self.flushes.clone();
        flushes.sort_unstable();
        flushes[flushes.len() / 2]
    }
}

/// The destination of an output.
#[derive(Debug)]
pub(crate) enum Output {
    /// Everything is read at once.
    Read,
    /// A pipe that nobody reads, until [`Pipe::read`].
    Unread,
    /// The reader is gone.
    Closed,
    /// `/dev/full`.
    Full,
}

/// The reading end of an output.
#[derive(Debug)]
pub(crate) struct Pipe {
    source: Option<File>,
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Pipe {
    fn new(source: Option<OwnedFd>) -> Self {
        Pipe { source: source.map(File::from), bytes: Arc::default(), reader: None }
    }

    /// Reads all that comes from now on.
    pub(crate) fn read(&mut self) {
        self.read_slowly(64 << 10, Duration::ZERO);
    }

    /// Reads `bytes` bytes at a time, with a pause after each time.
    pub(crate) fn read_slowly(&mut self, bytes: usize, pause: Duration) {
        let (Some(mut source), kept) = (self.source.take(), self.bytes.clone()) else { return };
        self.reader = Some(std::thread::spawn(move || {
            let mut some = vec![0; bytes];
            while let Ok(count @ 1..) = source.read(&mut some) {
                kept.lock().unwrap().extend_from_slice(&some[..count]);
                std::thread::sleep(pause);
            }
        }));
    }

    /// Reads `bytes` bytes, and nothing more.
    pub(crate) fn read_only(&mut self, bytes: usize) {
        let mut read = vec![0; bytes];
        self.source.as_mut().unwrap().read_exact(&mut read).unwrap();
        self.bytes.lock().unwrap().extend_from_slice(&read);
    }

    /// Returns the bytes read so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }
}

/// A program under the control of a scenario.
pub(crate) struct Program {
    child: Child,
    control: BufReader<TcpStream>,
    report: Report,
    pub(crate) stdout: Pipe,
    pub(crate) stderr: Pipe,
}

impl Program {
    /// Starts a Lambda function that exports to a collector.
    pub(crate) fn lambda(collector: &Collector, variables: &[(&str, &str)]) -> Self {
        Program::exporting("lambda", &collector.url(), variables)
    }

    /// Starts a service that exports to a collector from the background.
    pub(crate) fn background(collector: &Collector, variables: &[(&str, &str)]) -> Self {
        Program::exporting("background", &collector.url(), variables)
    }

    /// Starts a program of a kind, exporting to a URL.
    pub(crate) fn exporting(kind: &str, url: &str, variables: &[(&str, &str)]) -> Self {
        let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", url)];
        let variables: Vec<_> = endpoint.iter().chain(variables).copied().collect();
        Program::start(kind, &variables, Output::Read, Output::Read)
    }

    pub(crate) fn start(kind: &str, variables: &[(&str, &str)], stdout: Output, stderr: Output) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env_clear().env(CONTROL, listener.local_addr().unwrap().to_string()).env(KIND, kind);
        // The account counts spans alone.
        command.env("OTEL_LOGS_EXPORTER", "none").env("OTEL_METRICS_EXPORTER", "none");
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        command.stdout(stdio(&stdout)).stderr(stdio(&stderr));
        let mut child = command.spawn().unwrap();
        let pipe = |fd: Option<OwnedFd>, output: &Output| {
            let mut pipe = Pipe::new(fd);
            match output {
                Output::Read => pipe.read(),
                Output::Closed => drop(pipe.source.take()),
                Output::Unread | Output::Full => {}
            }
            pipe
        };
        let out = pipe(child.stdout.take().map(OwnedFd::from), &stdout);
        let err = pipe(child.stderr.take().map(OwnedFd::from), &stderr);
        let control = listener.accept().unwrap().0;
        control.set_nodelay(true).unwrap();
        Program { child, control: BufReader::new(control), report: Report::default(), stdout: out, stderr: err }
    }

    /// Gives an order and waits for the end of the order.
    #[track_caller]
    pub(crate) fn order(&mut self, order: &str) -> Report {
        self.order_within(order, longest()).unwrap_or_else(|| panic!("{order:?} is not done after {:?}", longest()))
    }

    /// Gives an order, and returns `None` after a timeout.
    pub(crate) fn order_within(&mut self, order: &str, longest: Duration) -> Option<Report> {
        self.send(order);
        self.done_within(longest)
    }

    /// Gives an order and does not wait.
    pub(crate) fn send(&mut self, order: &str) {
        writeln!(self.control.get_mut(), "{order}").unwrap();
    }

    /// Waits until the order is done.
    pub(crate) fn done_within(&mut self, longest: Duration) -> Option<Report> {
        self.control.get_mut().set_read_timeout(Some(longest)).unwrap();
        let mut line = String::new();
        match self.control.read_line(&mut line) {
            Ok(1..) => {
                self.report = Report::read(&line);
                Some(self.report.clone())
            }
            Ok(0) => panic!("the program ended: {}", String::from_utf8_lossy(&self.stderr.bytes())),
            Err(_) => None,
        }
    }

    /// Stops the process, as Lambda freezes an environment, and resumes the process after a while.
    pub(crate) fn freeze(&self, time: Duration) {
        let signal = |signal: &str| {
            let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
            assert!(status.unwrap().success());
        };
        signal("-STOP");
        std::thread::sleep(time);
        signal("-CONT");
    }

    /// Returns the flags of an open file of the process, as Linux shows them.
    pub(crate) fn flags_of(&self, fd: u32) -> u32 {
        let info = std::fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", self.child.id())).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        u32::from_str_radix(flags.trim(), 8).unwrap()
    }

    /// Returns the resident memory of the process in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Sends good invocations until all counts arrived and nothing waits, and checks the account.
    #[track_caller]
    pub(crate) fn settle(&mut self, arrived: impl Fn(&Program) -> Arrived) -> Account {
        self.settle_with("invoke", Duration::ZERO, arrived)
    }

    /// Returns the account of a program with one collector.
    #[track_caller]
    pub(crate) fn settle_at(&mut self, collector: &Collector) -> Account {
        self.settle(|_| collector.arrived())
    }

    /// Returns the account of a service, whose exporter works in the background.
    #[track_caller]
    pub(crate) fn settle_background(&mut self, collector: &Collector) -> Account {
        self.settle_with("requests", Duration::from_secs(3), |_| collector.arrived())
    }

    #[track_caller]
    fn settle_with(&mut self, order: &str, patience: Duration, arrived: impl Fn(&Program) -> Arrived) -> Account {
        let until = Instant::now() + longest();
        let (mut settled, mut unchanged, mut missing) = (0, 0, 0);
        loop {
            let mut report = self.order(order);
            let exported = Instant::now() + patience;
            let account = loop {
                // Requests may be under way, and lines in a pipe.
                std::thread::sleep(Duration::from_millis(50));
                let account = Account::new(&report, arrived(self), 0);
                if account.is_balanced() && account.waiting == 0 || Instant::now() >= exported {
                    break account;
                }
                report = self.order("look");
            };
            settled = if account.is_balanced() && account.waiting == 0 { settled + 1 } else { 0 };
            // Further spans change nothing if every new span arrives and the rest stays unexplained.
            let changed = account.missing() != missing || account.waiting > 0;
            missing = account.missing();
            unchanged = if changed { 0 } else { unchanged + 1 };
            let enough = if patience.is_zero() { 60 } else { 4 };
            if settled == 4 || unchanged == enough || Instant::now() > until {
                account.check();
                assert_eq!(account.waiting, 0, "spans still wait:\n{account}");
                return account;
            }
        }
    }

    /// Returns the current account.
    pub(crate) fn account(&mut self, arrived: Arrived) -> Account {
        Account::new(&self.order("look"), arrived, 0)
    }

    /// Ends the program, and returns the last report and the number of spans in the last line.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        self.send("exit");
        let until = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the process does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        for pipe in [&mut self.stdout, &mut self.stderr] {
            pipe.read();
            if let Some(reader) = pipe.reader.take() {
                reader.join().unwrap();
            }
        }
        let (stdout, stderr) = (self.stdout.bytes(), self.stderr.bytes());
        let text = String::from_utf8_lossy(&stderr).into_owned();
        let last = text.lines().rfind(|line| line.starts_with("thundra: ") && line.contains("before the end"));
        let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<u64>().ok());
        Ended { report: self.report.clone(), named: last.and_then(number).unwrap_or(0), stdout }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The remains of a program after its end.
pub(crate) struct Ended {
    report: Report,
    pub(crate) named: u64,
    pub(crate) stdout: Vec<u8>,
}

impl Ended {
    /// The account of an ended program: nothing waits any more.
    pub(crate) fn account(&self, arrived: Arrived) -> Account {
        Account { waiting: 0, ..Account::new(&self.report, arrived, self.named) }
    }
}

fn stdio(output: &Output) -> Stdio {
    match output {
        Output::Full => File::options().write(true).open("/dev/full").unwrap().into(),
        _ => Stdio::piped(),
    }
}
