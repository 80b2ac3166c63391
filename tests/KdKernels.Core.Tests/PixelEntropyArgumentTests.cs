namespace KdKernels.Core.Tests;

/// <summary>One test per guard, with its message.</summary>
public class PixelEntropyArgumentTests
{
    private static readonly PixelEntropySettings Plain = new(KdReduction.Mean);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rejects_a_threshold_that_is_not_finite(double threshold) => Expect<ArgumentOutOfRangeException>(
        $"expected a finite threshold but got {threshold}", () => Call(Plain with { Threshold = threshold }));

    [Fact]
    public void Rejects_an_unknown_reduction() => Expect<ArgumentOutOfRangeException>(
        "expected None, Sum, Mean or BatchMean but got 9", () => Call(Plain with { Reduction = (KdReduction)9 }));

    [Fact]
    public void Rejects_integers()
    {
        using var sigma = new GuardedTensor(KdElementType.Int64, 2, 1, 3, Layout.Contiguous);
        Expect<ArgumentException>(
            "expected element type Float32 or Float64 but got Int64", () => Call(Plain, sigma.View));
    }

    [Fact]
    public void Rejects_operands_on_two_devices()
    {
        using GuardedTensor sigma = Memory(2, 1, 3);
        Expect<ArgumentException>(
            "expected memory on cuda:0, as the logits, but got cpu",
            () => Call(Plain, sigma.View with { Device = KdDevice.Cuda(0) }));
    }

    [Fact]
    public void Rejects_a_mask_of_another_shape_or_type()
    {
        using GuardedTensor sigma = Memory(2, 1, 3);
        using var mask = new GuardedTensor(KdElementType.Bool, 2, 1, 4, Layout.Contiguous);
        using GuardedTensor floats = Memory(2, 1, 3);
        Expect<ArgumentException>("expected shape [2, 1, 3] but got [2, 1, 4]", () => CallWithMask(sigma, mask));
        Expect<ArgumentException>("expected element type Bool but got Float32", () => CallWithMask(sigma, floats));
    }

    [Fact]
    public void Rejects_a_map_beside_one()
    {
        using GuardedTensor sigma = Memory(2, 1, 3), entropy = Memory(2, 1, 3), map = Memory(2, 1, 3);
        Expect<ArgumentException>("expected no map", () => PixelEntropy.Forward(
            sigma.View, Plain with { Reduction = KdReduction.None }, entropy.View, map: map.View));
    }

    [Fact]
    public void Rejects_an_output_that_shares_memory()
    {
        using GuardedTensor sigma = Memory(2, 1, 3), entropy = Memory(1, 1, 1);
        using var gradient = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Expanded);
        Expect<ArgumentException>("expected distinct memory for every element", () =>
            PixelEntropy.ForwardWithGradient(sigma.View, Plain, entropy.View, gradient.View));
    }

    [Fact]
    public void Rejects_an_upstream_gradient_of_another_shape()
    {
        using GuardedTensor sigma = Memory(2, 1, 3), upstream = Memory(2, 1, 1), gradient = Memory(2, 1, 3);
        Expect<ArgumentException>(
            "expected shape [1, 1, 1] but got [2, 1, 1]",
            () => PixelEntropy.Backward(sigma.View, Plain, upstream.View, gradient.View));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [2, 1, 1]",
            () => PixelEntropy.Backward(
                sigma.View, Plain with { Reduction = KdReduction.None }, upstream.View, gradient.View));
    }

    private static void Call(PixelEntropySettings settings, RowsView? sigma = null)
    {
        using GuardedTensor memory = Memory(2, 1, 3), entropy = Memory(1, 1, 1);
        PixelEntropy.Forward(sigma ?? memory.View, settings, entropy.View);
    }

    private static void CallWithMask(GuardedTensor sigma, GuardedTensor mask)
    {
        using GuardedTensor entropy = Memory(1, 1, 1), mean = Memory(1, 1, 1);
        using var counts = new GuardedTensor(KdElementType.Int64, 2, 1, 1, Layout.Contiguous);
        var points = new PixelEntropyPoints(mask.View, mean.View, counts.View, counts.View);
        PixelEntropy.Forward(sigma.View, Plain, entropy.View, points);
    }

    private static GuardedTensor Memory(int outer, int inner, int length) => GuardedTensor.Input(
        KdElementType.Float32, outer, inner, length, Layout.Contiguous,
        [.. Enumerable.Repeat(0.5, outer * inner * length)]);

    private static void Expect<T>(string message, Action call)
        where T : Exception =>
        Assert.Contains(message, Assert.Throws<T>(call).Message, StringComparison.Ordinal);
}
