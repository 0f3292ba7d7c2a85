//! Gemm: `y = alpha * op(a) * op(b) + beta * c`.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let alpha = f64::from(scope.attribute("alpha", 1.0f32)?);
    let beta = f64::from(scope.attribute("beta", 1.0f32)?);
    let (mut a, mut b) = (scope.input(0)?, scope.input(1)?);
    if a.axes() != 2 || b.axes() != 2 {
        return Err("both factors must be matrices".to_owned());
    }
    if scope.attribute("transA", 0i64)? != 0 {
        a = scope.transpose(&a, &[1, 0])?;
    }
    if scope.attribute("transB", 0i64)? != 0 {
        b = scope.transpose(&b, &[1, 0])?;
    }
    let product = scope.matmul(&a, &b)?;
    let y = match scope.optional(2)? {
        Some(c) => {
            // The bias must not enlarge the product.
            let c = scope.expand(&c, &product.shape)?;
            scope.sum(&[(alpha, &product), (beta, &c)], 0.0)?
        }
        None if alpha == 1.0 => product,
        None => scope.linear(&product, alpha, 0.0)?,
    };
    scope.finish(y)
}
