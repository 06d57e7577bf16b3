//! The item under the attribute: a function, or a group of items. Any other item keeps the tokens unchanged.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{
    Attribute, Generics, Item, Lifetime, Result, Signature, Token, TraitItem, Type, TypeParamBound, Visibility,
    WhereClause, braced,
    parse::{Parse, ParseBuffer, ParseStream, discouraged::Speculative as _},
    token::Brace,
};

use super::{attr::is_named, owner::Owner};
use crate::item::{Function, begins_function};

/// An item, of a module, an `impl` block or a trait.
#[derive(Clone)]
pub(crate) enum Member {
    /// A function with a body. The body is not parsed.
    Function(Box<Function>),
    /// An inline module, an `impl` block or a trait.
    Group(Group),
    /// Any other item, with the attributes of the item.
    Other(Vec<Attribute>, TokenStream),
}

/// An item with other items in braces.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) attrs: Vec<Attribute>,
    /// The tokens between the attributes and the brace.
    pub(crate) head: TokenStream,
    /// The type or the trait of the methods. `None` for a module.
    pub(crate) owner: Option<Owner>,
    pub(crate) brace: Brace,
    /// `#![…]` at the start of the group.
    pub(crate) inner_attrs: Vec<Attribute>,
    /// The items, not parsed yet.
    pub(crate) items: TokenStream,
}

/// The items of a group.
pub(crate) struct Members(pub(crate) Vec<Member>);

impl Member {
    pub(crate) fn attrs_mut(&mut self) -> &mut Vec<Attribute> {
        match self {
            Self::Function(function) => &mut function.attrs,
            Self::Group(group) => &mut group.attrs,
            Self::Other(attrs, _) => attrs,
        }
    }

    /// Removes the `#[traced]` attributes of an item and of the items inside. The expansion would have removed the
    /// attributes, but ended with an error.
    pub(crate) fn without_attributes(mut self) -> Self {
        self.attrs_mut().retain(|attr| !is_named(attr.path(), "traced"));
        if let Self::Group(group) = &mut self
            && let Ok(Members(members)) = syn::parse2(group.items.clone())
        {
            let members = members.into_iter().map(Self::without_attributes);
            group.items = members.map(ToTokens::into_token_stream).collect();
        }
        self
    }
}

/// Writes the item unchanged.
impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(function) => function.to_tokens(tokens),
            Self::Group(Group { attrs, head, brace, inner_attrs, items, .. }) => {
                tokens.append_all(quote! { #(#attrs)* #head });
                brace.surround(tokens, |tokens| tokens.append_all(quote! { #(#inner_attrs)* #items }));
            }
            Self::Other(attrs, other) => tokens.append_all(quote! { #(#attrs)* #other }),
        }
    }
}

impl Parse for Members {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut members = Vec::new();
        while !input.is_empty() {
            members.push(input.parse()?);
        }
        Ok(Self(members))
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let item = input.fork();
        let attrs = input.call(Attribute::parse_outer)?;
        let begin = input.fork();
        let vis: Visibility = input.parse()?;
        if begins_function(input) {
            let sig: Signature = input.parse()?;
            if input.peek(Token![;]) {
                input.parse::<Token![;]>()?;
                return Ok(Self::Other(attrs, between(&begin, input)?));
            }
            let function = Function::parse_body(attrs, vis, sig, input)?;
            return Ok(Self::Function(Box::new(function)));
        }
        if let Some(owner) = parse_head(&input.fork())? {
            parse_head(input)?;
            let head = between(&begin, input)?;
            let content;
            let brace = braced!(content in input);
            let inner_attrs = content.call(Attribute::parse_inner)?;
            let items = content.parse()?;
            return Ok(Self::Group(Group { attrs, head, owner, brace, inner_attrs, items }));
        }
        skip_other(&item)?;
        let tokens = between(&begin, &item)?;
        input.advance_to(&item);
        Ok(Self::Other(attrs, tokens))
    }
}

/// Parses a group up to the brace. Returns the owner of the methods in the group. `None` if another item follows.
#[expect(clippy::option_option, reason = "a module is a group without an owner")]
fn parse_head(input: ParseStream<'_>) -> Result<Option<Option<Owner>>> {
    input.parse::<Option<Token![unsafe]>>()?;
    if input.peek(Token![mod]) {
        input.parse::<Token![mod]>()?;
        input.parse::<Ident>()?;
        return Ok(input.peek(Brace).then_some(None));
    }
    if input.peek(Token![impl]) {
        input.parse::<Token![impl]>()?;
        let generics = if begins_generics(input) { input.parse()? } else { Generics::default() };
        input.parse::<Option<Token![!]>>()?;
        let mut owner: Type = input.parse()?;
        let mut of_trait = None;
        if input.peek(Token![for]) {
            input.parse::<Token![for]>()?;
            of_trait = Some(std::mem::replace(&mut owner, input.parse()?));
        }
        input.parse::<Option<WhereClause>>()?;
        let owner = Owner::of_impl(&generics, of_trait.as_ref(), &owner);
        return Ok(input.peek(Brace).then_some(Some(owner)));
    }
    input.parse::<Option<Token![auto]>>()?;
    if input.peek(Token![trait]) {
        input.parse::<Token![trait]>()?;
        let name: Ident = input.parse()?;
        input.parse::<Generics>()?;
        if input.peek(Token![:]) {
            input.parse::<Token![:]>()?;
            while !input.peek(Brace) && !input.peek(Token![where]) && !input.is_empty() {
                input.parse::<TypeParamBound>()?;
                input.parse::<Option<Token![+]>>()?;
            }
        }
        input.parse::<Option<WhereClause>>()?;
        return Ok(input.peek(Brace).then(|| Some(Owner::named(&name))));
    }
    Ok(None)
}

/// Returns `true` before the generics of an `impl` block, and `false` before a type such as `<T as Trait>::Type`.
fn begins_generics(input: ParseStream<'_>) -> bool {
    input.peek(Token![<])
        && (input.peek2(Token![>])
            || input.peek2(Token![#])
            || input.peek2(Token![const])
            || ((input.peek2(syn::Ident) || input.peek2(Lifetime))
                && (input.peek3(Token![:])
                    || input.peek3(Token![,])
                    || input.peek3(Token![>])
                    || input.peek3(Token![=]))))
}

/// Parses an item that is no function with a body and no group.
fn skip_other(input: ParseStream<'_>) -> Result<()> {
    if input.fork().parse::<Item>().is_ok() {
        input.parse::<Item>()?;
    } else if input.fork().parse::<TraitItem>().is_ok() {
        input.parse::<TraitItem>()?;
    } else {
        // Syntax that `syn` does not support yet, or a mistake that the compiler explains.
        while !input.is_empty() {
            match input.parse()? {
                TokenTree::Punct(punct) if punct.as_char() == ';' => break,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Returns the tokens from `begin` to the position of `end`.
fn between(begin: &ParseBuffer<'_>, end: ParseStream<'_>) -> Result<TokenStream> {
    let begin = begin.fork();
    let mut tokens = TokenStream::new();
    while begin.cursor() < end.cursor() {
        tokens.extend([begin.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}
