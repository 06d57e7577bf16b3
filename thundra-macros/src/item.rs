//! The function under the attribute: a model, and the rules for `main` and for other functions.

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{
    Abi, Attribute, Error, FnArg, GenericArgument, GenericParam, Path, PathArguments, Result, ReturnType, Signature,
    Token, Type, Visibility, braced,
    parse::{Parse, ParseStream},
    spanned::Spanned,
    token::Brace,
};

use crate::{
    attr::Args,
    returns::{Returns, not_async},
};

const TAKES_THE_EVENT: &str = "`main` takes the event: write `async fn main(event: LambdaEvent<T>)`";

/// A function. The body is not parsed, and may use syntax not supported by `syn` yet.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) brace: Brace,
    /// `#![…]` at the start of the body.
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) body: TokenStream,
}

/// A valid function, by the form of the expansion.
pub(crate) enum Handler<'a> {
    /// `main`: the whole program.
    Program(Program<'a>),
    /// Any other function, wrapped in place.
    InPlace(&'a Function, Returns),
}

/// `async fn main`.
pub(crate) struct Program<'a> {
    pub(crate) function: &'a Function,
    pub(crate) work: Work<'a>,
    /// The type returned by `main`.
    pub(crate) output: &'a Type,
    pub(crate) concurrent: bool,
    /// `true` to stream HTTP responses.
    pub(crate) streaming: bool,
    /// `true` to export at the end of the environment.
    pub(crate) shutdown: bool,
    /// The set-up function of the telemetry. `None` to take all settings from the environment.
    pub(crate) telemetry: Option<&'a Path>,
}

/// The work of a program.
pub(crate) enum Work<'a> {
    /// `main` takes an event or a request, and perhaps the state.
    Handler { input: Input<'a>, state: Option<State<'a>> },
    /// `main` returns an HTTP service.
    App,
}

/// The first argument of `main`.
pub(crate) enum Input<'a> {
    /// The type of an event or a request.
    Event(&'a Type),
    /// A record of a batch.
    Record(Records<'a>),
}

/// The records of a batch.
pub(crate) struct Records<'a> {
    /// The type of the first argument.
    pub(crate) ty: &'a Type,
    /// The type of the event. `None` for a batch of any source.
    pub(crate) event: Option<&'a Path>,
}

/// The state made by `init` and borrowed by `main`.
pub(crate) struct State<'a> {
    pub(crate) init: &'a Path,
    /// The type behind the reference.
    pub(crate) ty: &'a Type,
}

impl Function {
    /// Returns `true` if the attribute turns the function into a program.
    pub(crate) fn is_main(&self) -> bool {
        self.sig.ident == "main"
    }

    /// Parses the body of a function after the signature.
    pub(crate) fn parse_body(
        attrs: Vec<Attribute>,
        vis: Visibility,
        sig: Signature,
        input: ParseStream<'_>,
    ) -> Result<Self> {
        let content;
        let brace = braced!(content in input);
        let inner_attrs = content.call(Attribute::parse_inner)?;
        let body = content.parse()?;
        Ok(Self { attrs, vis, sig, brace, inner_attrs, body })
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !begins_function(input) {
            return Err(input.error("`#[handler]` goes on an `async fn`"));
        }
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(Error::new(
                sig.ident.span(),
                "`#[handler]` wraps a body: put it on the implementation of the method",
            ));
        }
        Self::parse_body(attrs, vis, sig, input)
    }
}

/// Writes the function unchanged.
impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, brace, inner_attrs, body } = self;
        tokens.append_all(quote! { #(#attrs)* #vis #sig });
        brace.surround(tokens, |tokens| tokens.append_all(quote! { #(#inner_attrs)* #body }));
    }
}

impl<'a> Handler<'a> {
    /// Chooses the form by the name of the function, and checks the rules of the form.
    pub(crate) fn new(args: &'a Args, function: &'a Function) -> Result<Self> {
        if function.is_main() {
            return Program::new(args, function).map(Self::Program);
        }
        let returns = Returns::of(&function.sig)?;
        let named = [&args.init, &args.telemetry].into_iter().flatten().map(|named| &named.keyword).next();
        let named = named.or(args.batch.as_ref().map(|batch| &batch.keyword));
        match named.or(args.concurrent.as_ref()).or(args.streaming.as_ref()).or(args.shutdown.as_ref()) {
            Some(keyword) => Err(Error::new(
                keyword.span(),
                format!("`{keyword}` belongs on `async fn main`: any other function takes no part in start-up"),
            )),
            None => Ok(Self::InPlace(function, returns)),
        }
    }
}

impl<'a> Program<'a> {
    fn new(args: &'a Args, function: &'a Function) -> Result<Self> {
        if let Some(receiver) = function.sig.receiver() {
            let message = "`main` is the program and no method: give the method another name";
            return Err(Error::new_spanned(receiver, message));
        }
        if function.sig.asyncness.is_none() {
            return Err(not_async(&function.sig, ""));
        }
        only_runtime(&function.attrs)?;
        plain(&function.sig)?;
        let work = work(args, &function.sig)?;
        let output = match &function.sig.output {
            ReturnType::Type(_, ty) => &**ty,
            ReturnType::Default => {
                let end = function.sig.paren_token.span.close();
                return Err(Error::new(
                    end,
                    match work {
                        Work::Handler { .. } => "`main` returns a `Result`: write `-> Result<T, Error>`",
                        Work::App => TAKES_THE_EVENT,
                    },
                ));
            }
        };
        if matches!(work, Work::App) && is_unit_result(output) {
            return Err(Error::new(function.sig.paren_token.span.join(), TAKES_THE_EVENT));
        }
        let telemetry = args.telemetry.as_ref().map(|telemetry| &telemetry.path);
        let (concurrent, streaming) = (args.concurrent.is_some(), args.streaming.is_some());
        let shutdown = args.shutdown.is_some();
        Ok(Self { function, work, output, concurrent, streaming, shutdown, telemetry })
    }
}

/// Rejects `#[tokio::main]` and similar attributes, because a second runtime would start.
fn only_runtime(attrs: &[Attribute]) -> Result<()> {
    let is_main = |attr: &&Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "main");
    match attrs.iter().find(is_main) {
        Some(attr) => Err(Error::new_spanned(attr, "`#[handler]` starts the runtime: remove this attribute")),
        None => Ok(()),
    }
}

fn plain(sig: &Signature) -> Result<()> {
    let qualifier = sig.unsafety.as_ref().map(Spanned::span).or(sig.abi.as_ref().map(Spanned::span));
    if let Some(span) = qualifier {
        return Err(Error::new(span, "`main` is a plain `async fn`: remove this"));
    }
    // A lifetime parameter needs no argument, and is allowed.
    let generic = sig.generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_)));
    match generic {
        Some(param) => Err(Error::new_spanned(param, "`main` has no generics: name the type of the event")),
        None => Ok(()),
    }
}

fn work<'a>(args: &'a Args, sig: &'a Signature) -> Result<Work<'a>> {
    let mut inputs = sig.inputs.iter();
    let Some(FnArg::Typed(first)) = inputs.next() else { return app(args) };
    let state = match (&args.init, inputs.next()) {
        (None, None) => None,
        (Some(init), Some(FnArg::Typed(argument))) => {
            Some(State { init: &init.path, ty: behind_reference(&argument.ty)? })
        }
        (Some(init), _) => {
            let message = "`init` makes a state that `main` does not take: add `state: &State` after the event";
            return Err(Error::new(init.keyword.span(), message));
        }
        (None, Some(argument)) => {
            let message =
                "`main` takes only the event, unless `#[handler(init = path::to::init)]` makes a state for it";
            return Err(Error::new_spanned(argument, message));
        }
    };
    if let Some(extra) = inputs.next() {
        let message = "`main` takes the event and one state: keep the rest in the state";
        return Err(Error::new_spanned(extra, message));
    }
    Ok(Work::Handler { input: input(args, &first.ty)?, state })
}

/// Checks the arguments of the attribute for a `main` that returns an HTTP service.
fn app<'a>(args: &Args) -> Result<Work<'a>> {
    if let Some(init) = &args.init {
        let message = "`main` takes no state: `init` makes one for a `main` with an event, and a `main` without \
                       arguments, which returns a router, makes what it needs itself";
        return Err(Error::new(init.keyword.span(), message));
    }
    match &args.batch {
        Some(batch) => {
            let message = "with `batch`, `main` takes one record: write `async fn main(order: Order)`";
            Err(Error::new(batch.keyword.span(), message))
        }
        None => Ok(Work::App),
    }
}

fn input<'a>(args: &'a Args, ty: &'a Type) -> Result<Input<'a>> {
    let Some(batch) = &args.batch else { return Ok(Input::Event(ty)) };
    if let Some(streaming) = &args.streaming {
        let message = "the response to a batch is not streamed: remove `streaming`";
        return Err(Error::new(streaming.span(), message));
    }
    if let Type::Path(path) = ty
        && path.path.segments.last().is_some_and(|last| last.ident == "LambdaEvent" || last.ident == "Request")
    {
        let message =
            "with `batch`, `main` takes one record: write its type in place of the event, as in `order: Order`";
        return Err(Error::new_spanned(ty, message));
    }
    Ok(Input::Record(Records { ty, event: batch.event.as_ref() }))
}

/// Returns `true` for `Result<(), …>`: the function works on an event, and makes no HTTP service.
fn is_unit_result(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last().map(|last| &last.arguments) else {
        return false;
    };
    matches!(arguments.args.first(), Some(GenericArgument::Type(Type::Tuple(unit))) if unit.elems.is_empty())
}

fn behind_reference(ty: &Type) -> Result<&Type> {
    let Type::Reference(reference) = ty else {
        return Err(Error::new_spanned(ty, "`main` borrows the state that `init` makes: write `&State`"));
    };
    if let Some(mutability) = &reference.mutability {
        return Err(Error::new_spanned(mutability, "invocations share the state: write `&State`"));
    }
    match &reference.lifetime {
        Some(lifetime) if lifetime.ident == "static" => {
            Err(Error::new_spanned(lifetime, "`main` borrows the state for one invocation: write `&State`"))
        }
        _ => Ok(&reference.elem),
    }
}

/// Returns `true` before a signature.
pub(crate) fn begins_function(input: ParseStream<'_>) -> bool {
    fn skip_to_fn(input: ParseStream<'_>) -> Result<bool> {
        input.parse::<Option<Token![const]>>()?;
        input.parse::<Option<Token![async]>>()?;
        input.parse::<Option<Token![unsafe]>>()?;
        input.parse::<Option<Abi>>()?;
        Ok(input.peek(Token![fn]))
    }
    skip_to_fn(&input.fork()).unwrap_or(false)
}
