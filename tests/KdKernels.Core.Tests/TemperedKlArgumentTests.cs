namespace KdKernels.Core.Tests;

/// <summary>One test per guard, with its message.</summary>
public class TemperedKlArgumentTests
{
    private static readonly TemperedKlSettings Plain = new(2, KdReduction.Sum);

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e-101)]
    [InlineData(1e101)]
    public void Rejects_a_temperature_outside_of_the_range(double temperature)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => Call(Plain with { Temperature = temperature }));
        string expected = $"expected a temperature in [1e-100, 1e100] or infinity but got {temperature}";
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void Rejects_an_alpha_outside_of_zero_to_one(double alpha)
    {
        using GuardedTensor logits = Logits([2, 1, 3]);
        using var labels = new GuardedTensor(KdElementType.Int64, 2, 1, 1, Layout.Contiguous);
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => HintonLoss.Forward(
            logits.View, logits.View, labels.View, new HintonLossSettings(alpha, 2, KdReduction.Sum), logits.View));
        Assert.Contains($"expected a value in [0, 1] but got {alpha}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_an_unknown_reduction() => Expect<ArgumentOutOfRangeException>(
        "expected None, Sum, Mean or BatchMean but got 9", () => Call(Plain with { Reduction = (KdReduction)9 }));

    [Fact]
    public void Rejects_a_teacher_of_another_shape()
    {
        using GuardedTensor teacher = Logits([2, 1, 4]);
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [2, 1, 4]", () => Call(Plain, teacher: teacher.View));
    }

    [Fact]
    public void Rejects_a_teacher_of_another_type()
    {
        using GuardedTensor teacher = Logits([2, 1, 3], KdElementType.Float64);
        Expect<ArgumentException>(
            "expected element type Float32 but got Float64", () => Call(Plain, teacher: teacher.View));
    }

    [Fact]
    public void Rejects_integer_logits()
    {
        using GuardedTensor student = Logits([2, 1, 3], KdElementType.Int64);
        Expect<ArgumentException>(
            "expected element type Float32 or Float64 but got Int64", () => Call(Plain, student: student.View));
    }

    [Fact]
    public void Rejects_rows_without_classes()
    {
        using GuardedTensor student = Logits([2, 1, 0]);
        Expect<ArgumentException>("classes >= 1 but got [2, 1, 0]", () => Call(Plain, student: student.View));
    }

    [Fact]
    public void Rejects_a_null_address()
    {
        using GuardedTensor student = Logits([2, 1, 3]);
        Expect<ArgumentException>("got a null address", () => Call(Plain, student: student.View with { Data = 0 }));
    }

    [Fact]
    public void Rejects_weights_labels_and_outputs_of_other_shapes()
    {
        using GuardedTensor other = Logits([1, 1, 2]);
        using var labels = new GuardedTensor(KdElementType.Int64, 3, 1, 1, Layout.Contiguous);
        Expect<ArgumentException>(
            "expected shape [1, 1, 3] but got [1, 1, 2]", () => Call(Plain with { ClassWeights = other.View }));
        Expect<ArgumentException>(
            "expected shape [2, 1, 1] but got [3, 1, 1]", () => Call(Plain with { Labels = labels.View }));
        Expect<ArgumentException>(
            "expected element type Int64 but got Float32", () => Call(Plain with { Labels = other.View }));
        Expect<ArgumentException>("expected shape [1, 1, 1] but got [1, 1, 2]", () => Call(Plain, loss: other.View));
        Expect<ArgumentException>(
            "expected shape [2, 1, 1] but got [1, 1, 2]",
            () => Call(Plain with { Reduction = KdReduction.None }, loss: other.View));
        Expect<ArgumentException>(
            "expected shape [2, 1, 3] but got [1, 1, 2]", () => Call(Plain, gradient: other.View));
    }

    [Fact]
    public void Rejects_a_gradient_that_shares_memory_between_rows()
    {
        using var gradient = new GuardedTensor(KdElementType.Float32, 2, 1, 3, Layout.Expanded);
        Expect<ArgumentException>("expected distinct memory", () => Call(Plain, gradient: gradient.View));
    }

    [Fact]
    public void Offsets_beyond_32_bits_are_right()
    {
        // [2, 3] rows 2^33 elements apart, without touching the memory between: addresses only.
        var view = new RowsView(1 << 20, KdElementType.Float32, 3, 2, 5, 1L << 33, 1L << 32, 1);
        Assert.Equal((2L << 33) + (1L << 32), view.RowOffset(5));
        Assert.Equal(6, view.Rows);
        Assert.Equal(1L << 40, RowsView.Contiguous(0, KdElementType.Float32, 1L << 40, 1L << 31).Rows);
        view = RowsView.Contiguous(0, KdElementType.Float32, 1L << 40, 1L << 20);
        Assert.Equal(((1L << 40) - 1) << 20, view.RowOffset((1L << 40) - 1));
    }

    private static void Expect<TException>(string message, Action action)
        where TException : Exception
    {
        var e = Assert.Throws<TException>(action);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static GuardedTensor Logits(
        long[] shape, KdElementType type = KdElementType.Float32) => GuardedTensor.Input(
        type, shape[0], shape[1], shape[2], Layout.Contiguous, new double[shape[0] * shape[1] * shape[2]]);

    private static void Call(
        TemperedKlSettings settings,
        RowsView? student = null,
        RowsView? teacher = null,
        RowsView? loss = null,
        RowsView? gradient = null)
    {
        using GuardedTensor logits = Logits([2, 1, 3]), output = Logits([1, 1, 1]);
        TemperedKl.ForwardWithGradient(
            student ?? logits.View, teacher ?? logits.View, settings, loss ?? output.View, gradient ?? logits.View);
    }
}
