using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Mixing;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary><c>cutmix-pick</c> against a composition of plain torch operations and loops, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class CutMixPickMethodTests
{
    private const int Rows = 6;

    [Theory]
    [InlineData("teacher", 2, 0, 6, 4, 0.9, 0.9)]
    [InlineData("student", 3, 0.25, 4, 1.5, 0.3, 1.2)]
    [InlineData("teacher", 1, 5, 5, 2, 0.5, 0.5)]
    public void Learns_from_the_batch_and_from_the_mixtures_of_highest_entropy(
        string picker, int runs, double pick, int count, double temperature, double kd, double mixed)
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(
            ("picker", picker), ("runs", runs), ("pick", pick), ("temperature", (ScheduledValue)temperature),
            ("kd-weight", (ScheduledValue)kd), ("mixed-weight", (ScheduledValue)mixed));
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, labels: 0.1, step: 4);
            Tensor pool = Pool(step, runs);
            Tensor picked = pool[tensor(Hardest(picker == "teacher" ? sample.Teacher : sample.Student, pool, count))];
            IReadOnlyList<LossTerm> terms = sample.Method.Terms(step);
            Assert.Equal(["kd", "mixed"], terms.Select(term => term.Name));

            Assert.True(sample.Student.training);
            Tensor expected = Kl(step.Student.Output, step.Teacher.Output, temperature) * kd;
            expected += Kl(sample.Student.call(picked), sample.Teacher.call(picked).detach(), temperature) * mixed;
            Assert.Equal(ops == DistillOps.Fused, step.LabelsTaken);
            if (step.LabelsTaken)
            {
                expected += nn.functional.cross_entropy(step.Student.Output, step.Batch.Labels) * 0.1;
            }

            sample.AssertSame(expected, MethodSample.Total(terms));
            Assert.True(terms[1].Value.requires_grad);
        }
    }

    [Fact]
    public void Picks_by_argsort_of_the_entropies()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(("picker", "student"));
        MethodStep step = sample.Step(Rows);
        var method = (CutMixPickMethod)sample.Method;
        Tensor pool = method.Pool(step);
        Assert.Equal(pool.data<double>().ToArray(), Pool(step, runs: 2).data<double>().ToArray());
        long[] expected = Hardest(sample.Student, pool, Rows);
        Tensor images = method.Changed(step).Images;
        Assert.Equal(pool[tensor(expected)].data<double>().ToArray(), images.data<double>().ToArray());
    }

    [Fact]
    public void Picking_moves_no_running_statistics_and_leaves_the_student_in_training_mode()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(("picker", "student"));
        MethodStep step = sample.Step(Rows);
        double[][] before = Buffers(sample.Student);
        Assert.NotEmpty(before);
        ((CutMixPickMethod)sample.Method).Changed(step);
        Assert.Equal(before, Buffers(sample.Student));
        Assert.All(sample.Student.modules(), module => Assert.True(module.training));

        // The second pass is in training mode: it does move them.
        sample.Method.Terms(step);
        Assert.NotEqual(before, Buffers(sample.Student));
    }

    [Fact]
    public void A_single_image_is_its_own_mixture()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample();
        MethodStep step = sample.Step(rows: 1);
        Assert.Equal(
            step.Batch.Inputs.data<double>().ToArray(),
            ((CutMixPickMethod)sample.Method).Changed(step).Images.data<double>().ToArray());
    }

    private static MethodSample Sample(params (string Key, object Value)[] settings) =>
        MethodSample.Create("cutmix-pick", "resnet8", "resnet14", settings);

    private static Tensor Kl(Tensor student, Tensor teacher, double temperature)
    {
        Tensor p = nn.functional.log_softmax(teacher / temperature, 1);
        Tensor q = nn.functional.log_softmax(student / temperature, 1);
        return (p.exp() * (p - q)).sum() * (temperature * temperature / student.shape[0]);
    }

    private static Tensor Pool(MethodStep step, int runs)
    {
        Tensor images = step.Batch.Inputs;
        double[] source = images.contiguous().data<double>().ToArray();
        (int channels, int height, int width) = ((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
        int size = channels * height * width;
        List<double> pool = [];
        for (int run = 0; run < runs; run++)
        {
            var key = new MixingKey(step.Seed, (uint)step.Step, (uint)run);
            (CutMixBox box, long[] partners) = CutMix.Draw((int)images.shape[0], height, width, key);
            for (int i = 0; i < source.Length; i++)
            {
                (int image, int pixel) = (i / size, i % size);
                (int y, int x) = (pixel / width % height, pixel % width);
                bool inside = y >= box.Top && y < box.Bottom && x >= box.Left && x < box.Right;
                pool.Add(inside ? source[partners[image] * size + pixel] : source[i]);
            }
        }

        return tensor(pool.ToArray(), [runs * images.shape[0], channels, height, width]);
    }

    private static long[] Hardest(nn.Module<Tensor, Tensor> network, Tensor pool, int count)
    {
        bool training = network.training;
        network.eval();
        Tensor p = nn.functional.softmax(network.call(pool), 1);
        network.train(training);
        return [.. (-(p * p.log()).sum(1)).argsort(0, descending: true).data<long>().ToArray().Take(count)];
    }

    private static double[][] Buffers(nn.Module network) =>
    [
        .. network.named_buffers().Where(entry => entry.name.Contains("running", StringComparison.Ordinal))
            .Select(entry => entry.buffer.data<double>().ToArray()),
    ];
}
