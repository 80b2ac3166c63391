using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.AttentionSquared;

public class AttentionSquaredTests
{
    public static TheoryData<AttentionForm, int, KdReduction> Settings
    {
        get
        {
            var data = new TheoryData<AttentionForm, int, KdReduction>();
            foreach (int power in new[] { 1, 2, 4 })
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    data.Add(AttentionForm.Code, power, reduction);
                    if (reduction != KdReduction.Mean) data.Add(AttentionForm.Paper, power, reduction);
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Settings))]
    public void Value_and_gradient_match_the_composed_operations(AttentionForm form, int power, KdReduction reduction)
    {
        using var scope = NewDisposeScope();
        var student = Maps.Leaf(1, 3, 5, 4, 3);
        var teacher = Maps.Values(2, 3, 7, 4, 3);
        var options = new AttentionOptions(form, power, ChannelReduction.Mean, Beta: 3);
        var fused = KdFunctional.AttentionSquared(student, teacher, reduction, options);
        var composed = AttentionSquaredComposed.Loss(student, teacher, options, reduction);
        Comparison.Close(composed, fused, relative: 1e-11, absolute: 1e-14);

        var upstream = Logits.Random(3, ScalarType.Float64, fused.shape);
        var expected = autograd.grad([composed], [student], [upstream])[0];
        var actual = autograd.grad([fused], [student], [upstream])[0];
        Comparison.Close(expected, actual, relative: 1e-9, absolute: 1e-13);
    }

    [Fact]
    public void The_defaults_are_the_authors_code_without_its_weight()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(4, ScalarType.Float32, 4, 6, 5, 5);
        var teacher = Logits.Random(5, ScalarType.Float32, 4, 8, 5, 5);
        var expected = (Map(student) - Map(teacher)).pow(2).mean();
        Comparison.Close(expected, KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean), 1e-5, 0);
        Comparison.Close(
            expected * 1000, KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean, new(Beta: 1000)), 1e-5, 0);

        static Tensor Map(Tensor features) =>
            nn.functional.normalize(features.pow(2).mean([1]).flatten(1), p: 2, dim: 1, eps: 1e-12);
    }

    [Fact]
    public void Each_sample_is_normalised_on_its_own_and_channels_are_summed()
    {
        // One library normalises the C·H·W numbers of a sample as they are, another the whole batch.
        using var scope = NewDisposeScope();
        var student = Maps.Values(6, 2, 3, 2, 2);
        var teacher = Maps.Values(7, 2, 3, 2, 2);
        var both = KdFunctional.AttentionSquared(student, teacher, KdReduction.None);
        for (int sample = 0; sample < 2; sample++)
        {
            var alone = KdFunctional.AttentionSquared(
                student.narrow(0, sample, 1) * 5, teacher.narrow(0, sample, 1), KdReduction.Sum);
            Comparison.Close(alone, both[sample], 1e-13, 0);
        }
        var permuted = student.index_select(1, tensor(new long[] { 2, 0, 1 }));
        Comparison.Close(both, KdFunctional.AttentionSquared(permuted, teacher, KdReduction.None), 1e-13, 0);
    }

    [Theory]
    [InlineData(6, 4, 3, 4)]
    [InlineData(3, 4, 6, 4)]
    [InlineData(4, 8, 4, 4)]
    [InlineData(5, 3, 3, 7)]
    public void Both_heights_and_widths_are_compared(long height, long width, long teacherHeight, long teacherWidth)
    {
        // Comparing heights alone leaves [.., 4, 8] and [.., 4, 4] as they are, and then fails.
        using var scope = NewDisposeScope();
        var student = Maps.Leaf(8, 2, 3, height, width);
        var teacher = Maps.Values(9, 2, 4, teacherHeight, teacherWidth);
        var fused = KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean);
        long[] size = [Math.Min(height, teacherHeight), Math.Min(width, teacherWidth)];
        var expected = AttentionSquaredComposed.Loss(
            nn.functional.adaptive_avg_pool2d(student, size), nn.functional.adaptive_avg_pool2d(teacher, size), new(), KdReduction.Mean);
        Comparison.Close(expected, fused, 1e-12, 0);
        Comparison.Close(autograd.grad([expected], [student])[0], autograd.grad([fused], [student])[0], 1e-10, 1e-14);
    }

    public static TheoryData<string> Memories => ["channels last", "cropped", "transposed", "sliced", "expanded", "one pixel"];

    [Theory, MemberData(nameof(Memories))]
    public void Any_strides_give_what_a_contiguous_copy_gives(string memory)
    {
        using var scope = NewDisposeScope();
        var whole = Maps.Values(10, 4, 6, 3, 5);
        var maps = memory switch
        {
            "channels last" => Maps.ChannelsLast(whole),
            "cropped" => Maps.Cropped(whole),
            "transposed" => whole.transpose(2, 3),
            "sliced" => whole.narrow(1, 1, 3).narrow(0, 1, 2),
            "expanded" => whole.narrow(0, 0, 1).expand(4, 6, 3, 5),
            _ => whole.narrow(2, 1, 1).narrow(3, 2, 1),
        };
        var teacher = Maps.Values(11, maps.shape);
        var plain = maps.contiguous().detach().requires_grad_();
        maps = maps.detach().requires_grad_();
        foreach (var reduction in new[] { KdReduction.BatchMean, KdReduction.None })
        {
            var expected = KdFunctional.AttentionSquared(plain, teacher, reduction);
            var actual = KdFunctional.AttentionSquared(maps, teacher, reduction);
            Comparison.Close(expected, actual, 1e-13, 1e-16);
            Comparison.Close(
                autograd.grad([expected.sum()], [plain])[0], autograd.grad([actual.sum()], [maps])[0], 1e-11, 1e-15);
        }
    }

    [Fact]
    public void A_channels_last_gradient_is_channels_last()
    {
        using var scope = NewDisposeScope();
        var student = Maps.ChannelsLast(Maps.Values(12, 2, 6, 3, 5)).detach().requires_grad_();
        KdFunctional.AttentionSquared(student, Maps.Values(13, 2, 6, 3, 5), KdReduction.Mean).backward();
        Assert.Equal(student.stride(), student.grad!.stride());
    }

    [Fact]
    public void A_student_that_nearly_agrees_keeps_its_digits_in_float32()
    {
        using var scope = NewDisposeScope();
        var teacher = Logits.Random(14, ScalarType.Float32, 3, 16, 7, 7);
        var student = (teacher * (1 + 1e-5 * Logits.Random(15, ScalarType.Float32, 3, 16, 7, 7).clamp(-5, 5))).detach().requires_grad_();
        var oracle = AttentionSquaredOracle.Compute(
            Oracle(student), Oracle(teacher), paper: false, power: 2, channelMean: false, beta: 1, OracleReduction.Mean);
        var loss = KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean);
        Comparison.Close([oracle.Loss], Comparison.Values(loss), relative: 1e-6, absolute: 0);
        loss.backward();
        double largest = oracle.Gradient.Max(Math.Abs);
        Comparison.Close(oracle.Gradient, Comparison.Values(student.grad!), relative: 1e-5, absolute: 1e-6 * largest);
    }

    [Fact]
    public void The_map_and_its_peak_match_the_oracle()
    {
        using var scope = NewDisposeScope();
        var features = Maps.ChannelsLast(Maps.Values(16, 5, 4, 3, 4));
        foreach (bool normalise in new[] { false, true })
        {
            var map = KdFunctional.AttentionMap(features, normalise, power: 4, ChannelReduction.Mean);
            Assert.Equal([5, 3, 4], map.shape);
            Comparison.Close(AttentionSquaredOracle.Map(Oracle(features), 4, true, normalise), Comparison.Values(map), 1e-12, 0);
        }
        var peak = KdFunctional.AttentionPeak(features);
        Assert.Equal(ScalarType.Int64, peak.dtype);
        Assert.Equal(AttentionSquaredOracle.Peaks(Oracle(features), 2), peak.data<long>().ToArray());
        Assert.Equal(KdFunctional.AttentionMap(features).flatten(1).argmax(1).data<long>().ToArray(), peak.data<long>().ToArray());
    }

    [Fact]
    public void The_module_gives_what_the_function_gives()
    {
        using var scope = NewDisposeScope();
        Tensor student = Maps.Values(17, 2, 3, 4, 4), teacher = Maps.Values(18, 2, 3, 4, 4);
        var paper = new AttentionOptions(AttentionForm.Paper, Beta: 1000);
        using var module = new AttentionSquaredLoss(KdReduction.BatchMean, paper);
        Assert.True(KdFunctional.AttentionSquared(student, teacher, KdReduction.BatchMean, paper).Equals(module.call(student, teacher)));
    }

    [Fact]
    public void No_samples_give_an_empty_result_and_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros(0, 5, 2, 2).requires_grad_();
        var teacher = zeros(0, 3, 4, 4);
        Assert.Equal([0], KdFunctional.AttentionSquared(student, teacher, KdReduction.None).shape);
        Assert.True(double.IsNaN(KdFunctional.AttentionSquared(student, teacher, KdReduction.Mean).ToDouble()));
        KdFunctional.AttentionSquared(student, teacher, KdReduction.Sum).backward();
        Assert.Equal([0, 5, 2, 2], student.grad!.shape);
        Assert.Equal([0], KdFunctional.AttentionPeak(teacher).shape);
        Assert.Equal([0, 4, 4], KdFunctional.AttentionMap(teacher).shape);
    }

    [Fact]
    public void A_scaled_loss_can_go_backward_twice()
    {
        using var scope = NewDisposeScope();
        var student = Logits.Random(19, ScalarType.Float32, 3, 4, 5, 5).requires_grad_();
        var loss = KdFunctional.AttentionSquared(student, Logits.Random(20, ScalarType.Float32, 3, 4, 5, 5), KdReduction.BatchMean);
        var once = autograd.grad([loss], [student], retain_graph: true)[0].clone();
        var scaled = autograd.grad([loss * 3], [student], retain_graph: true)[0];
        for (int i = 0; i < 3; i++) loss.backward(retain_graph: true);
        Comparison.Close(once * 3, scaled, relative: 1e-6, absolute: 0);
        Comparison.Close(once * 3, student.grad!, relative: 1e-6, absolute: 1e-9);
    }

    private static OracleMaps Oracle(Tensor maps)
    {
        int[] shape = [.. maps.shape.Select(size => (int)size)];
        return new OracleMaps(Comparison.Values(maps), shape[0], shape[1], shape[2], shape[3]);
    }
}
