using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>DualMaxPool against the oracle; every element is exact.</summary>
public class DualMaxPoolTests
{
    public static TheoryData<int, int, int, int, int, int, bool> Windows => new()
    {
        // height, width, kernel, stride, padding, dilation, ceiling
        { 8, 8, 2, 2, 0, 1, false },
        { 7, 5, 2, 2, 0, 1, false },
        { 7, 5, 2, 2, 0, 1, true },
        { 7, 5, 3, 2, 1, 1, false },
        { 7, 6, 3, 2, 1, 1, true },
        { 9, 8, 3, 1, 0, 1, false },
        { 9, 8, 2, 3, 1, 2, false },
        { 9, 8, 3, 2, 1, 3, true },
        { 1, 1, 1, 1, 0, 1, false },
        { 5, 4, 1, 2, 0, 1, true },
        { 4, 4, 4, 4, 2, 1, true },
        { 6, 6, 5, 5, 2, 1, true },
    };

    [Theory, MemberData(nameof(Windows))]
    public void Values_and_gradients_are_the_oracles(
        int height, int width, int kernel, int stride, int padding, int dilation, bool ceiling)
    {
        var window = new DualMaxPoolOracleWindow(2, height, width)
        {
            KernelHeight = kernel,
            KernelWidth = kernel,
            StrideHeight = stride,
            StrideWidth = stride,
            PaddingHeight = padding,
            PaddingWidth = padding,
            DilationHeight = dilation,
            DilationWidth = dilation,
            Ceiling = ceiling,
        };
        foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
        {
            foreach (int planes in new[] { 0, 1, 6 })
            {
                double[] stack = Logits.Random(3 * planes, height * width, 1, type);
                // Ties, the most negative numbers and NaNs.
                for (int i = 0; i < stack.Length; i += 3) stack[i] = Math.Round(stack[i] / 3);
                for (int i = 5; i < stack.Length; i += 29) stack[i] = double.NaN;
                for (int i = 0; i < Math.Min(20, stack.Length); i++) stack[i] = double.NegativeInfinity;
                Check(stack, window, planes, type);
            }
        }
    }

    [Fact]
    public void Height_and_width_have_sizes_of_their_own() => Check(
        Logits.Random(9, 54, 1, KdElementType.Float32),
        new DualMaxPoolOracleWindow(2, 9, 6)
        {
            KernelHeight = 3,
            KernelWidth = 2,
            StrideHeight = 1,
            StrideWidth = 3,
            PaddingHeight = 1,
            PaddingWidth = 0,
            DilationHeight = 2,
            DilationWidth = 1,
        },
        3,
        KdElementType.Float32);

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        int before = KdCpu.Threads;
        try
        {
            var window = new DualMaxPoolOracleWindow(2, 40, 40) { KernelHeight = 3, StrideHeight = 1 };
            foreach (int threads in new[] { 1, 2, 3 })
            {
                KdCpu.Threads = threads;
                Check(Logits.Random(90, 1600, 1, KdElementType.Float32), window, 30, KdElementType.Float32);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void Rejects_sizes_that_do_not_fit()
    {
        Expect("expected images that a window fits into but got 4 x 4", new(5, 5));
        Expect("expected a kernel of 1 or more but got 0 x 2", new(0, 2));
        Expect("expected a stride of 1 or more but got 2 x 0", new(2, 2), stride: new(2, 0));
        Expect("expected a dilation of 1 or more but got -1 x 1", new(2, 2), dilation: new(-1, 1));
        Expect("expected a padding of at most half the kernel 2 x 2 but got 2 x 0", new(2, 2), padding: new(2, 0));
        Expect("expected shape [1 + tangents, planes, 4 x 3] but got [3, 2, 16]", new(2, 2), image: new(4, 3));
    }

    private static void Expect(
        string message, PoolSize kernel, PoolSize? stride = null, PoolSize? padding = null, PoolSize? dilation = null,
        PoolSize? image = null)
    {
        using var stack = new GuardedTensor(KdElementType.Float32, 3, 2, 16, Layout.Contiguous);
        var settings = new DualMaxPoolSettings(
            image ?? new(4, 4), kernel, stride ?? new(1, 1), padding ?? new(0, 0), dilation ?? new(1, 1), Ceiling: false);
        var e = Assert.Throws<ArgumentException>(() => DualMaxPool.Forward(stack.View, settings, stack.View));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static void Check(double[] stack, DualMaxPoolOracleWindow w, int planes, KdElementType type)
    {
        var settings = new DualMaxPoolSettings(
            new(w.Height, w.Width),
            new(w.KernelHeight, w.KernelWidth),
            new(w.StrideHeight, w.StrideWidth),
            new(w.PaddingHeight, w.PaddingWidth),
            new(w.DilationHeight, w.DilationWidth),
            w.Ceiling);
        int outputs = settings.Output.Height * settings.Output.Width, blocks = 1 + w.Tangents;
        double[] upstream = Logits.Random(blocks * planes, outputs, 2, type);
        (double[] expected, double[] gradient) = DualMaxPoolOracle.Compute(stack, w, upstream);

        using GuardedTensor input = GuardedTensor.Input(type, blocks, planes, w.Height * w.Width, Layout.Sliced, stack);
        using GuardedTensor g = GuardedTensor.Input(type, blocks, planes, outputs, Layout.Sliced, upstream);
        using var values = new GuardedTensor(type, blocks, planes, outputs, Layout.Contiguous);
        using var byStack = new GuardedTensor(type, blocks, planes, w.Height * w.Width, Layout.Sliced);
        DualMaxPool.Forward(input.View, settings, values.View);
        DualMaxPool.Backward(input.View, settings, g.View, byStack.View);
        input.AssertUntouched("stack");
        g.AssertUntouched("upstream");
        values.AssertWritten("values");
        byStack.AssertWritten("gradient");
        Assert.Equal(expected, values.ToArray());
        for (int i = 0; i < gradient.Length; i++)
            Tolerance.Check(gradient[i], byStack[i / (w.Height * w.Width), i % (w.Height * w.Width)],
                type == KdElementType.Float32 ? 1e-6 : 1e-14, 100, $"gradient {i} of {w}");
    }
}
