//! The owner of methods, as the first part of the names of spans: `Warehouse` in `Warehouse::ship`.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{GenericParam, Generics, Path, Type, TypeParamBound, ext::IdentExt, punctuated::Punctuated};

/// The name of the type of an `impl` block, or of a trait, without type arguments.
#[derive(Clone)]
pub(crate) struct Owner(String);

impl Owner {
    /// Returns the owner of the default methods of a trait.
    pub(crate) fn named(name: &Ident) -> Self {
        Self(name.unraw().to_string())
    }

    /// Returns the owner of the methods of an `impl` block: the type, or the trait where the type is any type.
    pub(crate) fn of_impl(generics: &Generics, of_trait: Option<&Type>, ty: &Type) -> Self {
        let is_param = |ident: &Ident| {
            generics.params.iter().any(|param| matches!(param, GenericParam::Type(param) if param.ident == *ident))
        };
        match (path(ty).and_then(Path::get_ident), of_trait) {
            (Some(ident), Some(of_trait)) if is_param(ident) => Self(name(of_trait)),
            _ => Self(name(ty)),
        }
    }

    /// Returns the name of the span of a method.
    pub(crate) fn method(&self, method: &str) -> String {
        format!("{}::{method}", self.0)
    }
}

/// Returns the path of a type, behind references.
fn path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Group(group) => path(&group.elem),
        Type::Paren(paren) => path(&paren.elem),
        Type::Reference(reference) => path(&reference.elem),
        Type::Path(ty) => Some(&ty.path),
        _ => None,
    }
}

fn name(ty: &Type) -> String {
    match ty {
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        Type::Reference(reference) => name(&reference.elem),
        Type::Slice(slice) => format!("[{}]", name(&slice.elem)),
        Type::Array(array) => format!("[{}]", name(&array.elem)),
        Type::Tuple(tuple) => format!("({})", tuple.elems.iter().map(name).collect::<Vec<_>>().join(", ")),
        Type::TraitObject(object) => bounded(&object.bounds).unwrap_or_else(|| ty.to_token_stream().to_string()),
        Type::Path(ty) => last(&ty.path).unwrap_or_default(),
        _ => ty.to_token_stream().to_string(),
    }
}

fn bounded<P>(bounds: &Punctuated<TypeParamBound, P>) -> Option<String> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => last(&bound.path),
        _ => None,
    })
}

fn last(path: &Path) -> Option<String> {
    Some(path.segments.last()?.ident.unraw().to_string())
}
