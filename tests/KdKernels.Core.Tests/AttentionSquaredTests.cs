using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>AttentionSquared against the oracle over shapes, layouts, types, widths and settings.</summary>
public class AttentionSquaredTests
{
    private static readonly KdElementType[] Types = [KdElementType.Float32, KdElementType.Float64];

    /// <summary>Batch, student channels, teacher channels, height, width.</summary>
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 1, 1 },
        { 3, 5, 1, 1, 2 },
        { 2, 1, 9, 3, 1 },
        { 2, 8, 8, 1, 1 },
        { 3, 17, 17, 1, 1 },
        { 2, 4, 7, 1, 7 },
        { 2, 7, 4, 2, 4 },
        { 2, 16, 15, 3, 3 },
        { 1, 33, 31, 7, 7 },
        { 5, 13, 13, 4, 8 },
        { 1, 9, 6, 46, 47 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_and_gradient_match_the_oracle(int batch, int channels, int teacherChannels, int height, int width)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                OracleMaps student = FeatureMapData.Random(1, batch, channels, height, width, type);
                OracleMaps teacher = FeatureMapData.Random(2, batch, teacherChannels, height, width, type);
                foreach (Layout layout in Enum.GetValues<Layout>().Except([Layout.Expanded]))
                {
                    foreach (int power in new[] { 1, 2, 4 })
                    {
                        new AttentionRun
                        {
                            Student = student,
                            Teacher = teacher,
                            Layout = layout,
                            Type = type,
                            Power = power,
                            Channels = power == 2 ? ChannelReduction.Mean : ChannelReduction.Sum,
                            Reduction = KdReduction.Mean,
                        }.Check();
                    }
                }
            }
        });
    }

    [Theory]
    [InlineData(AttentionForm.Code, KdReduction.None)]
    [InlineData(AttentionForm.Code, KdReduction.Sum)]
    [InlineData(AttentionForm.Code, KdReduction.Mean)]
    [InlineData(AttentionForm.Code, KdReduction.BatchMean)]
    [InlineData(AttentionForm.Paper, KdReduction.None)]
    [InlineData(AttentionForm.Paper, KdReduction.Sum)]
    [InlineData(AttentionForm.Paper, KdReduction.BatchMean)]
    public void Every_form_and_reduction_matches_with_and_without_an_upstream_gradient(
        AttentionForm form, KdReduction reduction)
    {
        foreach (KdElementType type in Types)
        {
            OracleMaps student = FeatureMapData.Random(3, 4, 6, 3, 5, type);
            OracleMaps teacher = FeatureMapData.Random(4, 4, 8, 3, 5, type);
            foreach (bool upstream in new[] { false, true })
            {
                new AttentionRun
                {
                    Student = student,
                    Teacher = teacher,
                    Type = type,
                    Form = form,
                    Beta = 1000,
                    Reduction = reduction,
                    Upstream = upstream ? Logits.Random(reduction == KdReduction.None ? 4 : 1, 1, 5, type, false) : null,
                }.Check();
            }
        }
    }

    /// <summary>Student and teacher sizes: the student larger, the teacher larger, and each larger in one direction.</summary>
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 8, 8, 4, 4 },
        { 7, 5, 3, 4 },
        { 3, 4, 7, 5 },
        { 6, 3, 4, 5 },
        { 4, 9, 4, 5 },
        { 9, 4, 5, 4 },
        { 5, 6, 1, 1 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void Larger_features_are_pooled_to_the_smaller_height_and_width(
        int height, int width, int teacherHeight, int teacherWidth)
    {
        Widths.ForEach(() =>
        {
            foreach (KdElementType type in Types)
            {
                foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Scattered })
                {
                    new AttentionRun
                    {
                        Student = FeatureMapData.Random(5, 3, 4, height, width, type),
                        Teacher = FeatureMapData.Random(6, 3, 5, teacherHeight, teacherWidth, type),
                        Layout = layout,
                        Type = type,
                    }.Check();
                }
            }
        });
    }

    [Fact]
    public void The_gradient_may_have_another_layout()
    {
        foreach (Layout layout in new[] { Layout.Channels, Layout.Contiguous, Layout.Reversed })
        {
            foreach (Layout gradient in new[] { Layout.Channels, Layout.Contiguous, Layout.ChannelsSliced })
            {
                new AttentionRun
                {
                    Student = FeatureMapData.Random(7, 2, 11, 4, 5),
                    Teacher = FeatureMapData.Random(8, 2, 11, 4, 5),
                    Layout = layout,
                    GradientLayout = gradient,
                }.Check();
            }
        }
    }

    [Theory]
    [InlineData(Layout.Channels)]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.Scattered)]
    public void Threads_and_repeats_do_not_change_a_bit(Layout layout)
    {
        int before = KdCpu.Threads;
        OracleMaps student = FeatureMapData.Random(9, 37, 64, 5, 6), teacher = FeatureMapData.Random(10, 37, 32, 5, 6);
        try
        {
            byte[]? expected = null;
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                AttentionRun run = new AttentionRun { Student = student, Teacher = teacher, Layout = layout }.Execute();
                Assert.Equal(expected ??= run.Bits, run.Bits);
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }

    [Fact]
    public void A_sample_has_the_same_bits_wherever_it_stands()
    {
        OracleMaps one = FeatureMapData.Random(11, 1, 6, 3, 5), other = FeatureMapData.Random(12, 1, 6, 3, 5);
        byte[]? expected = null;
        for (int position = 0; position < 5; position++)
        {
            OracleMaps students = FeatureMapData.Random(13, 5, 6, 3, 5), teachers = FeatureMapData.Random(14, 5, 6, 3, 5);
            one.Values.CopyTo(students.Values, position * 90);
            other.Values.CopyTo(teachers.Values, position * 90);
            AttentionRun run = new AttentionRun
            {
                Student = students,
                Teacher = teachers,
                Reduction = KdReduction.None,
            }.Execute();
            byte[] bits =
            [
                .. BitConverter.GetBytes(run.Loss[position]),
                .. run.Gradient.Skip(position * 90).Take(90).SelectMany(BitConverter.GetBytes),
            ];
            Assert.Equal(expected ??= bits, bits);
        }
    }
}
