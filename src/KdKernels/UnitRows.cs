using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// Rows divided by max(‖row‖, eps), as torch's normalize does, with gradient 0 where the norm is below eps: torch's own is the
/// upstream gradient over eps, 10¹² times too large to go on training with when a row dies.
/// </summary>
internal static class UnitRows
{
    /// <param name="rows"><c>[N, D]</c>.</param>
    /// <param name="epsilon">The smallest norm that is divided by; below it the norm is no variable.</param>
    internal static Tensor Of(Tensor rows, double epsilon = 1e-12)
    {
        var squares = rows.square().sum(1, keepdim: true);
        var clamped = squares < epsilon * epsilon;

        // The square root of 0 has no derivative, which a later 0 would not undo.
        return where(clamped, rows.detach() / epsilon, rows / squares.masked_fill(clamped, 1).sqrt());
    }
}
