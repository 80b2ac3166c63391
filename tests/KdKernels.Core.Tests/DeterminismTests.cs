namespace KdKernels.Core.Tests;

/// <summary>
/// The same bits for any number of threads, on every repeat, at every position and alignment of a row.
/// </summary>
public class DeterminismTests
{
    public static TheoryData<Layout, KdElementType> Places => new()
    {
        { Layout.Contiguous, KdElementType.Float32 },
        { Layout.Contiguous, KdElementType.Float64 },
        { Layout.Channels, KdElementType.Float32 },
        { Layout.Channels, KdElementType.Float64 },
    };

    [Theory, MemberData(nameof(Places))]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout, KdElementType type)
    {
        int before = KdCpu.Threads;
        try
        {
            byte[]? expected = null, expectedHinton = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3, 2, 2 })
            {
                KdCpu.Threads = threads;
                // 700 rows of 101 classes are several chunks.
                KlRun run = TemperedKlTests.Case(
                    7, 100, 101, layout, type, 3, KdReduction.BatchMean, options: 3).Execute();
                HintonRun hinton = HintonLossTests.Case(
                    7, 100, 101, layout, type, 3, KdReduction.Mean, options: 3).Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
                Assert.Equal(expectedHinton ??= hinton.Bits, hinton.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void A_row_has_the_same_bits_wherever_it_stands(Layout layout, KdElementType type)
    {
        double[] one = Logits.Random(1, 117, 1, type), two = Logits.Random(1, 117, 2, type);
        byte[][]? expected = null;
        // 1 and 5 rows take the partial vector of pixels, 64 and 67 full ones.
        foreach (int rows in new[] { 2, 5, 64, 67 })
        {
            for (int position = 0; position < rows; position += 3)
            {
                double[] student = Logits.Random(rows, 117, 3, type), teacher = Logits.Random(rows, 117, 4, type);
                one.CopyTo(student, position * 117);
                two.CopyTo(teacher, position * 117);
                KlRun run = new KlRun
                {
                    Outer = 1,
                    Inner = rows,
                    Classes = 117,
                    Layout = layout,
                    Type = type,
                    Reduction = KdReduction.None,
                    Student = student,
                    Teacher = teacher,
                }.Execute();
                byte[][] bits =
                [
                    BitConverter.GetBytes(run.Loss[position]),
                    [.. run.StudentGradient.Skip(position * 117).Take(117).SelectMany(BitConverter.GetBytes)],
                    [.. run.TeacherGradient.Skip(position * 117).Take(117).SelectMany(BitConverter.GetBytes)],
                ];
                expected ??= bits;
                Assert.Equal(expected, bits);
            }
        }
    }

    [Fact]
    public void Alignment_and_gaps_do_not_change_a_bit()
    {
        byte[] contiguous = TemperedKlTests.Case(
            3, 5, 45, Layout.Contiguous, KdElementType.Float32, 2, KdReduction.None).Execute().Bits;
        byte[] sliced = TemperedKlTests.Case(
            3, 5, 45, Layout.Sliced, KdElementType.Float32, 2, KdReduction.None).Execute().Bits;
        byte[] scattered = TemperedKlTests.Case(
            3, 5, 45, Layout.Scattered, KdElementType.Float32, 2, KdReduction.None).Execute().Bits;
        Assert.Equal(contiguous, sliced);
        Assert.Equal(contiguous, scattered);
        byte[] channels = TemperedKlTests.Case(
            3, 35, 45, Layout.Channels, KdElementType.Float32, 2, KdReduction.None).Execute().Bits;
        byte[] gaps = TemperedKlTests.Case(
            3, 35, 45, Layout.ChannelsSliced, KdElementType.Float32, 2, KdReduction.None).Execute().Bits;
        Assert.Equal(channels, gaps);
    }
}
