using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Comparisons that fail with expected and actual values; NaN agrees with NaN only.</summary>
internal static class Check
{
    public static void True(bool condition, string expectation)
    {
        if (!condition) throw new CheckFailedException($"expected {expectation}");
    }

    public static void Loss(double expected, Tensor actual, string what = "loss") =>
        Losses([expected], actual.reshape(1), what);

    /// <summary>Each value on its own: relative to itself, with an absolute part for those near 0.</summary>
    public static void Losses(double[] expected, Tensor actual, string what = "losses")
    {
        double[] found = Values(actual);
        True(found.Length == expected.Length, $"{expected.Length} {what} but got {found.Length}");
        for (int i = 0; i < expected.Length; i++)
        {
            double allowed = Tolerance.LossRelative * Math.Abs(expected[i]) + Tolerance.LossAbsolute;
            bool same = expected[i].Equals(found[i]) || Math.Abs(expected[i] - found[i]) <= allowed;
            True(same, $"{what}[{i}] {expected[i]:R} within {allowed:G3} but got {found[i]:R}");
        }
    }

    /// <summary>In the Euclidean norm, relative to the whole gradient, with what the type cannot resolve
    /// added.</summary>
    public static void Gradient(double[] expected, Tensor? actual, ScalarType type, string what = "gradient")
    {
        True(actual is not null, $"a {what} but got none");
        True(actual!.dtype == type, $"a {what} of {type} but got {actual.dtype}");
        double[] found = Values(actual);
        True(found.Length == expected.Length, $"{expected.Length} elements of the {what} but got {found.Length}");
        double off = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i]) && double.IsNaN(found[i])) continue;
            off += (expected[i] - found[i]) * (expected[i] - found[i]);
            norm += expected[i] * expected[i];
        }
        double allowed = norm == 0
            ? Tolerance.OfZeroGradient
            : Tolerance.Gradient(type) * Math.Sqrt(norm) + Tolerance.Resolution(type) * Math.Sqrt(expected.Length);
        // Not `off > allowed`: NaN must not pass.
        True(Math.Sqrt(off) <= allowed,
            $"{what} of norm {Math.Sqrt(norm):G4} within {allowed:G3} but got one {Math.Sqrt(off):G3} off");
    }

    /// <summary>Every element equal, NaN where the other has NaN; made on the device, since gradients are
    /// large.</summary>
    public static void SameBits(Tensor expected, Tensor actual, string what)
    {
        using var scope = NewDisposeScope();
        True(expected.dtype == actual.dtype, $"{what} of {expected.dtype} but got {actual.dtype}");
        var same = expected.detach().eq(actual.detach()).logical_or(expected.isnan().logical_and(actual.isnan()));
        True(same.all().item<bool>(),
            $"the same bits of {what} but {same.logical_not().sum().item<long>()} elements differ");
    }

    /// <exception cref="CheckFailedException">Nothing was thrown, something else, or other words.</exception>
    public static void Throws<TException>(string words, Action body)
        where TException : Exception
    {
        try
        {
            body();
        }
        catch (TException e)
        {
            True(e.Message.Contains(words, StringComparison.Ordinal),
                $"'{words}' in the message but got '{e.Message}'");
            return;
        }
        throw new CheckFailedException($"expected {typeof(TException).Name} but nothing was thrown");
    }

    /// <summary>All elements in row-major order, as float64 on the CPU.</summary>
    public static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }
}
