//! Quantiles of a histogram, computed as Prometheus's `histogram_quantile` does.

/// The `q`-quantile; `None` of an empty histogram. `counts` has one bucket more than there are
/// bounds: a quantile in that bucket is the last bound.
pub(super) fn quantile(q: f64, bounds: &[f64], counts: &[u64]) -> Option<f64> {
    let total: f64 = counts.iter().copied().map(real).sum();
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let (mut below, mut lower) = (0.0, 0.0);
    for (count, upper) in counts.iter().copied().map(real).zip(bounds) {
        if count > 0.0 && below + count >= rank {
            return Some(lower + (upper - lower) * (rank - below) / count);
        }
        below += count;
        lower = *upper;
    }
    bounds.last().copied()
}

/// A count as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, which no count of an hour reaches"
)]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: &[f64] = &[0.1, 0.5, 1.0];

    #[test]
    fn a_percentile_lies_within_its_bucket() {
        for (q, counts, expected) in [
            (0.5, [0, 0, 0, 0], None),
            // Half of the way through the first bucket, which begins at zero.
            (0.5, [10, 0, 0, 0], Some(0.05)),
            (0.5, [0, 4, 0, 0], Some(0.3)),
            (0.95, [90, 10, 0, 0], Some(0.3)),
            (0.5, [5, 0, 5, 0], Some(0.1)),
            (0.99, [1, 0, 0, 99], Some(1.0)),
            (0.0, [0, 0, 3, 0], Some(0.5)),
        ] {
            let found = quantile(q, BOUNDS, &counts);
            let close = match (found, expected) {
                (Some(found), Some(expected)) => f64::abs(found - expected) < 1e-9,
                (found, expected) => found == expected,
            };
            assert!(close, "{q} of {counts:?}: {found:?}, not {expected:?}");
        }
        assert_eq!(quantile(0.5, &[], &[]), None);
        assert_eq!(quantile(0.5, BOUNDS, &[]), None);
    }
}
