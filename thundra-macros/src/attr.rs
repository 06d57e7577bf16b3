//! The arguments of the attribute, parsed. Each argument keeps the token for the position of an error.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::token::Paren;
use syn::{Error, Ident, Path, Result, Token, parse_quote};

const LEGAL: &str = "`#[handler]` takes `init = path::to::init`, `telemetry = path::to::telemetry`, `batch`, \
                     `batch = path::to::Event`, `concurrent`, `streaming`, `shutdown` and `crate = path`";

/// `#[handler(init = path, telemetry = path, batch, concurrent, streaming, shutdown, crate = path)]`, each at most
/// once, in any order.
pub(crate) struct Args {
    /// The init function of the shared state.
    pub(crate) init: Option<Named>,
    /// The set-up function of the telemetry.
    pub(crate) telemetry: Option<Named>,
    /// The keyword, perhaps with the event.
    pub(crate) batch: Option<Batch>,
    /// The keyword.
    pub(crate) concurrent: Option<Ident>,
    /// The keyword.
    pub(crate) streaming: Option<Ident>,
    /// The keyword.
    pub(crate) shutdown: Option<Ident>,
    /// The path of `thundra-aws`.
    pub(crate) thundra_aws: Path,
}

/// A path under a keyword: `init = path`.
pub(crate) struct Named {
    pub(crate) keyword: Ident,
    pub(crate) path: Path,
}

/// `batch`, or `batch = path`.
pub(crate) struct Batch {
    pub(crate) keyword: Ident,
    pub(crate) event: Option<Path>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut init, mut telemetry, mut thundra_aws) = (None, None, None);
        let (mut batch, mut concurrent, mut streaming, mut shutdown) = (None, None, None, None);

        while !input.is_empty() {
            let at = input.span();
            let keyword = input.call(Ident::parse_any).map_err(|_| Error::new(at, LEGAL))?;
            let duplicate = if keyword == "init" {
                let path = parse_path(&keyword, "path::to::init", input)?;
                init.replace(Named { keyword: keyword.clone(), path }).is_some()
            } else if keyword == "telemetry" {
                let path = parse_path(&keyword, "path::to::telemetry", input)?;
                telemetry.replace(Named { keyword: keyword.clone(), path }).is_some()
            } else if keyword == "batch" {
                let event =
                    if input.peek(Token![=]) { Some(parse_path(&keyword, "path::to::Event", input)?) } else { None };
                batch.replace(Batch { keyword: keyword.clone(), event }).is_some()
            } else if keyword == "crate" {
                thundra_aws.replace(parse_path(&keyword, "path", input)?).is_some()
            } else if keyword == "concurrent" {
                concurrent.replace(keyword.clone()).is_some()
            } else if keyword == "streaming" {
                streaming.replace(keyword.clone()).is_some()
            } else if keyword == "shutdown" {
                shutdown.replace(keyword.clone()).is_some()
            } else {
                return Err(Error::new(at, format!("unknown argument `{keyword}`: {LEGAL}")));
            };
            if duplicate {
                return Err(Error::new(at, format!("`{keyword}` is given twice: {LEGAL}, each once")));
            }
            if !input.is_empty() {
                let at = input.span();
                input
                    .parse::<Token![,]>()
                    .map_err(|_| Error::new(at, format!("expected a comma after `{keyword}`: {LEGAL}")))?;
            }
        }

        let thundra_aws = thundra_aws.unwrap_or_else(|| parse_quote!(::thundra_aws));
        Ok(Self { init, telemetry, batch, concurrent, streaming, shutdown, thundra_aws })
    }
}

fn parse_path(keyword: &Ident, example: &str, input: ParseStream<'_>) -> Result<Path> {
    let wrong = |at: Span| Error::new(at, format!("`{keyword}` names a path: write `{keyword} = {example}`"));

    if !input.peek(Token![=]) {
        return Err(wrong(keyword.span()));
    }
    let equals: Token![=] = input.parse()?;
    let at = if input.is_empty() { equals.span } else { input.span() };
    let path = input.parse().map_err(|_| wrong(at))?;
    if input.peek(Paren) {
        let call = format!("`{keyword}` names a function and does not call it: write `{keyword} = {example}`");
        return Err(Error::new(input.span(), call));
    }
    Ok(path)
}
