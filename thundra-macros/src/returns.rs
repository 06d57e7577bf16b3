//! The return type of a function wrapped in place: a value, or a future.
//!
//! `#[async_trait]` expands before the attributes of the methods inside, and leaves plain functions with the body
//! `Box::pin(async move { … })`. Some people write these functions by hand, with or without the box.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::{
    Error, GenericArgument, Path, PathArguments, PathSegment, Result, ReturnType, Signature, Type, TypeGroup,
    TypeParamBound, TypeParen, parse_quote, punctuated::Punctuated,
};

/// The result of a call.
pub(crate) enum Returns {
    /// The future of an `async fn`, by output.
    Async(Box<Type>),
    /// A future made by the body.
    Future {
        /// `true` for `Pin<Box<dyn Future>>`.
        boxed: bool,
        /// The output of the future, if the signature names the type.
        output: Option<Box<Type>>,
    },
}

impl Returns {
    pub(crate) fn of(sig: &Signature) -> Result<Self> {
        if sig.asyncness.is_some() {
            return Ok(Self::Async(match &sig.output {
                ReturnType::Default => Box::new(parse_quote!(())),
                ReturnType::Type(_, ty) => ty.clone(),
            }));
        }
        let future = match &sig.output {
            ReturnType::Type(_, ty) => Self::future(ty),
            ReturnType::Default => None,
        };
        future.ok_or_else(|| {
            not_async(sig, ", or a function that returns `impl Future`, `Pin<Box<dyn Future>>` or `BoxFuture`")
        })
    }

    /// Returns the output of the future, if the signature names the type.
    pub(crate) fn output(&self) -> Option<&Type> {
        match self {
            Self::Async(output) => Some(output),
            Self::Future { output, .. } => output.as_deref(),
        }
    }

    /// Returns the `async move { … }` of a function without other statements.
    ///
    /// The block can then be wrapped as the body of an `async fn` is, without a second box.
    pub(crate) fn lone_block(&self, body: &TokenStream) -> Option<LoneBlock> {
        match self {
            // The output of the block is unknown.
            Self::Async(_) | Self::Future { output: None, .. } => None,
            Self::Future { boxed: false, .. } => LoneBlock::find(body.clone()),
            Self::Future { boxed: true, .. } => LoneBlock::find(in_box_pin(body.clone())?),
        }
    }

    /// Reads the tokens of a type. A future behind an alias is not recognised.
    fn future(ty: &Type) -> Option<Self> {
        let path = match ty {
            Type::Group(group) => return Self::future(&group.elem),
            Type::Paren(paren) => return Self::future(&paren.elem),
            Type::ImplTrait(ty) => {
                return Some(Self::Future { boxed: false, output: Some(Box::new(output(&ty.bounds)?)) });
            }
            Type::Path(ty) if ty.qself.is_none() => &ty.path,
            _ => return None,
        };
        let last = path.segments.last()?;
        let output = match last.ident.to_string().as_str() {
            "Pin" => Some(boxed_output(last)?),
            "BoxFuture" | "LocalBoxFuture" => Some(types(last).last()?),
            // The associated type of a `tower::Service`, boxed if the future is a block.
            "Future" if is_associated(path) => None,
            _ => return None,
        };
        Some(Self::Future { boxed: true, output: output.map(Box::new) })
    }
}

/// Returns the error for a function other than an async function.
pub(crate) fn not_async(sig: &Signature, or: &str) -> Error {
    Error::new(sig.fn_token.span, format!("`#[handler]` needs an `async fn`{or}: write `async fn {}`", sig.ident))
}

/// Returns `T` of `Pin<Box<dyn Future<Output = T>>>`.
fn boxed_output(pin: &PathSegment) -> Option<Type> {
    let Type::Path(inner) = types(pin).next()? else { return None };
    let inner = inner.path.segments.last().filter(|segment| segment.ident == "Box")?;
    let mut object = types(inner).next()?;
    while let Type::Group(TypeGroup { elem, .. }) | Type::Paren(TypeParen { elem, .. }) = object {
        object = *elem;
    }
    match object {
        Type::TraitObject(object) => output(&object.bounds),
        _ => None,
    }
}

/// Returns `T` of `Future<Output = T>`.
fn output<P>(bounds: &Punctuated<TypeParamBound, P>) -> Option<Type> {
    let future = bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().filter(|segment| segment.ident == "Future"),
        _ => None,
    })?;
    arguments(future).find_map(|argument| match argument {
        GenericArgument::AssocType(binding) if binding.ident == "Output" => Some(binding.ty.clone()),
        _ => None,
    })
}

fn types(segment: &PathSegment) -> impl Iterator<Item = Type> {
    arguments(segment).filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten()
}

fn is_associated(path: &Path) -> bool {
    path.segments.len() == 2 && path.segments.first().is_some_and(|first| first.ident == "Self")
}

/// An `async move { … }`.
pub(crate) struct LoneBlock {
    /// `async` or `async move`.
    pub(crate) keywords: TokenStream,
    /// The braces with the content.
    pub(crate) body: Group,
}

impl LoneBlock {
    fn find(tokens: TokenStream) -> Option<Self> {
        let mut keywords: Vec<_> = tokens.into_iter().collect();
        let Some(TokenTree::Group(body)) = keywords.pop() else { return None };
        let words: Option<Vec<String>> = keywords.iter().map(|token| ident(token).map(ToString::to_string)).collect();
        let is_async =
            matches!(words?.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ["async"] | ["async", "move"]);
        (is_async && body.delimiter() == Delimiter::Brace)
            .then(|| Self { keywords: keywords.into_iter().collect(), body })
    }
}

/// Returns the argument of `Box::pin(…)`, with or without the path to `Box`.
fn in_box_pin(tokens: TokenStream) -> Option<TokenStream> {
    let mut path: Vec<_> = tokens.into_iter().collect();
    let Some(TokenTree::Group(argument)) = path.pop() else { return None };
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(colon) if colon.as_char() == ':');
    let words: Option<Vec<&Ident>> = path.iter().filter(|token| !is_colon(token)).map(ident).collect();
    let is_box_pin = matches!(words?.as_slice(), [.., name, pin] if *name == "Box" && *pin == "pin");
    (is_box_pin && argument.delimiter() == Delimiter::Parenthesis).then(|| argument.stream())
}

fn ident(token: &TokenTree) -> Option<&Ident> {
    match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    }
}
