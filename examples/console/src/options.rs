//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

/// The text of `--help`.
pub(crate) const HELP: &str = "\
Usage: thundra-console [OPTIONS] [FILE]...

Takes telemetry on this machine, and shows it in a browser. A FILE is a log: lines of CloudWatch Logs with telemetry,
metrics and reports of Lambda, or OTLP as JSON, gzipped or not. `-` is the standard input.

Options:
  --keep FILE        keeps the telemetry in a file; without, it is gone at the end
  --limit SIZE       the limit of stored bytes, such as 500MiB or 2GiB [default: 2GiB]
  --page-port PORT   the port of the page [default: 8010, or a free one]
  --otlp-port PORT   the port that takes OTLP over HTTP [default: 4318]
  --xray-port PORT   the UDP port that takes segments of X-Ray [default: 2000]
  --bench SPANS      measures with so many made-up spans, prints a table, and ends
  -h, --help         prints this text

Ports are of 127.0.0.1. Port 0 takes a free one.";

/// The settings of the process.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// The file of the store; `None` for a temporary one.
    pub(crate) keep: Option<PathBuf>,
    /// The limit of the store in bytes.
    pub(crate) limit: u64,
    /// The port of the page; `None` for the usual port, or a free one if that is taken.
    pub(crate) page_port: Option<u16>,
    pub(crate) otlp_port: u16,
    pub(crate) xray_port: u16,
    /// The number of made-up spans to measure with.
    pub(crate) bench: Option<u64>,
    /// The logs to read. `-` is the standard input.
    pub(crate) files: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            keep: None,
            limit: 2 << 30,
            page_port: None,
            otlp_port: 4318,
            xray_port: 2000,
            bench: None,
            files: Vec::new(),
        }
    }
}

impl Options {
    /// Reads arguments; `None` if they ask for help.
    ///
    /// # Errors
    ///
    /// For an unknown option, or a value in another form.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut options = Options::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy().into_owned();
            let (name, inline) = match text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(OsString::from(value))),
                _ => (text.as_str(), None),
            };
            let mut value = || inline.clone().or_else(|| arguments.next()).ok_or(format!("{name} needs a value"));
            match name {
                "-h" | "--help" => return Ok(None),
                "--keep" => options.keep = Some(value()?.into()),
                "--limit" => options.limit = size(&value()?)?,
                "--page-port" => options.page_port = Some(number(name, &value()?)?),
                "--otlp-port" => options.otlp_port = number(name, &value()?)?,
                "--xray-port" => options.xray_port = number(name, &value()?)?,
                "--bench" => {
                    let value = value()?;
                    let spans = value.to_str().and_then(|text| text.parse().ok());
                    let spans = spans.filter(|spans| (1..=100_000_000).contains(spans));
                    let problem = || format!("--bench: a number from 1 to 100000000, not {value:?}");
                    options.bench = Some(spans.ok_or_else(problem)?);
                }
                "--" => options.files.extend(arguments.by_ref().map(PathBuf::from)),
                "-" => options.files.push(PathBuf::from("-")),
                _ if name.starts_with('-') => return Err(format!("{name} is no option (see --help)")),
                _ => options.files.push(PathBuf::from(argument)),
            }
        }
        Ok(Some(options))
    }
}

fn number<T: FromStr>(name: &str, value: &OsString) -> Result<T, String> {
    let parsed = value.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{name}: a port from 0 to 65535, not {value:?}"))
}

/// The units of a size, longest first.
const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("", 1),
];

/// The least limit: below, a single batch would not fit.
const MIN_LIMIT: u64 = 16 << 20;

fn size(value: &OsString) -> Result<u64, String> {
    let text = value.to_string_lossy();
    let read = |(unit, factor): &(&str, u64)| text.strip_suffix(unit)?.trim().parse::<u64>().ok()?.checked_mul(*factor);
    let bytes = UNITS.iter().find_map(read).filter(|bytes| *bytes >= MIN_LIMIT);
    bytes.ok_or_else(|| format!("--limit: a size of at least 16MiB, such as 2GiB, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Option<Options>, String> {
        Options::read(arguments.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_are_read_in_any_order() {
        let options = Options {
            keep: Some("spans.db".into()),
            limit: 500 << 20,
            page_port: Some(0),
            files: vec!["a.log".into(), "-".into(), "--b".into()],
            ..Options::default()
        };
        assert_eq!(read("a.log --keep spans.db - --limit=500MiB --page-port 0 -- --b"), Ok(Some(options)));
        assert_eq!(read(""), Ok(Some(Options::default())));
        assert_eq!(read("--keep x --help"), Ok(None));
    }

    #[test]
    fn a_wrong_option_is_named_with_the_accepted_form() {
        for (arguments, problem) in [
            ("--port 1", "--port is no option (see --help)"),
            ("--keep", "--keep needs a value"),
            ("--otlp-port 70000", "--otlp-port: a port from 0 to 65535, not \"70000\""),
            ("--limit 1KB", "--limit: a size of at least 16MiB, such as 2GiB, not \"1KB\""),
            ("--limit 99999999999GiB", "--limit: a size of at least 16MiB, such as 2GiB, not \"99999999999GiB\""),
        ] {
            assert_eq!(read(arguments), Err(problem.to_owned()), "{arguments}");
        }
    }
}
