using KdKernels.Core;
namespace KdKernels.Core.Tests;

/// <summary>TemperedKl against the oracle over one table of shapes, layouts, types, widths and settings.</summary>
public class TemperedKlTests
{
    public static TheoryData<int, int, int, Layout> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, Layout>();
            foreach (int classes in new[] { 1, 2, 3, 7, 15, 16, 17, 31, 33, 100 })
            {
                data.Add(5, 1, classes, Layout.Contiguous);
                data.Add(3, 2, classes, Layout.Sliced);
                data.Add(2, 19, classes, Layout.Channels);
                data.Add(2, 3, classes, Layout.Scattered);
            }

            data.Add(0, 1, 10, Layout.Contiguous);
            data.Add(2, 0, 10, Layout.Channels);
            data.Add(1, 1, 10, Layout.Contiguous);
            data.Add(1, 1, 10, Layout.Channels);
            data.Add(2, 64, 21, Layout.Channels);
            data.Add(1, 65, 21, Layout.ChannelsSliced);
            data.Add(3, 130, 5, Layout.Channels);
            data.Add(2, 17, 300, Layout.Channels);
            data.Add(3, 2, 21, Layout.Reversed);
            data.Add(4, 3, 21, Layout.Expanded);
            data.Add(7, 1, 1000, Layout.Contiguous);
            data.Add(40, 1, 1009, Layout.Contiguous);
            data.Add(2, 2, 2049, Layout.Sliced);
            data.Add(2, 1, 32001, Layout.Contiguous);
            return data;
        }
    }

    public static TheoryData<KdElementType, VectorWidthName> Types => new()
    {
        { KdElementType.Float32, VectorWidthName.Bits512 },
        { KdElementType.Float64, VectorWidthName.Bits512 },
        { KdElementType.Float32, VectorWidthName.Bits256 },
        { KdElementType.Float64, VectorWidthName.Bits256 },
        { KdElementType.Float32, VectorWidthName.Scalar },
        { KdElementType.Float64, VectorWidthName.Scalar },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradients_match_the_oracle(int outer, int inner, int classes, Layout layout)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
            {
                foreach (double temperature in new[] { 1.0, 4.0, double.PositiveInfinity })
                    Case(outer, inner, classes, layout, type, temperature, KdReduction.BatchMean).Check();
            }
        });
    }

    [Theory]
    [InlineData(KdReduction.None)]
    [InlineData(KdReduction.Sum)]
    [InlineData(KdReduction.Mean)]
    [InlineData(KdReduction.BatchMean)]
    public void Every_reduction_matches_with_weights_mask_and_upstream(KdReduction reduction)
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels, Layout.Scattered })
        {
            foreach (KdElementType type in new[] { KdElementType.Float32, KdElementType.Float64 })
            {
                for (int options = 0; options < 16; options++)
                {
                    Case(4, 9, 37, layout, type, 3, reduction, options).Check();
                }
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Every_width_handles_weights_and_masks(
        KdElementType type, VectorWidthName width) => Widths.With(width, () =>
    {
        foreach (Layout layout in new[] { Layout.Contiguous, Layout.Channels })
            Case(3, 11, 37, layout, type, 2, KdReduction.Mean, options: 15).Check();
    });

    [Fact]
    public void Temperatures_outside_of_single_precision_are_widened()
    {
        foreach (double temperature in new[] { 1e-30, 1e-7, 1e-3, 1e7, 1e18, 1e60, 1e100 })
            Case(3, 5, 19, Layout.Channels, KdElementType.Float32, temperature, KdReduction.None).Check();
        foreach (double temperature in new[] { 1e-100, 1e-30, 1e-3, 1e7, 1e100 })
            Case(3, 5, 19, Layout.Channels, KdElementType.Float64, temperature, KdReduction.None).Check();
    }

    [Fact]
    public void Student_and_teacher_may_have_different_layouts()
    {
        foreach ((Layout student, Layout teacher, Layout gradient) in new[]
        {
            (Layout.Contiguous, Layout.Channels, Layout.Channels),
            (Layout.Channels, Layout.ChannelsSliced, Layout.Contiguous),
            (Layout.Channels, Layout.Contiguous, Layout.Reversed),
            (Layout.Reversed, Layout.Contiguous, Layout.Scattered),
        })
        {
            new KlRun
            {
                Outer = 2,
                Inner = 20,
                Classes = 11,
                Layout = student,
                TeacherLayout = teacher,
                GradientLayout = gradient,
                Student = Logits.Random(40, 11, 1, KdElementType.Float32),
                Teacher = Logits.Random(40, 11, 2, KdElementType.Float32),
            }.Check();
        }
    }

    internal static KlRun Case(
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        double temperature,
        KdReduction reduction,
        int options = 0)
    {
        int rows = outer * inner;
        // An expanded tensor shows its only row everywhere.
        double[] Data(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Logits.Random(1, classes, seed, type), rows).SelectMany(v => v)]
            : Logits.Random(rows, classes, seed, type);
        return new KlRun
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Reduction = reduction,
            Student = Data(1),
            Teacher = Data(2),
            Weights = (options & 1) != 0 ? Logits.Weights(classes, 3, type) : null,
            Labels = (options & 2) != 0 ? Logits.Labels(rows, classes, 4, ignored: true) : null,
            Upstream = (options & 4) == 0 ? null
                : Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false),
            TemperatureSquared = (options & 8) == 0,
        };
    }
}
