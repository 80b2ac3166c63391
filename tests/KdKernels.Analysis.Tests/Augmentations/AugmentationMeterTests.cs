using KdKernels.Analysis.Augmentations;
using KdKernels.Analysis.Statistics;
using KdKernels.Core;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Methods.Mixing;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Augmentations;

/// <summary>The meter against the laws that it must keep, and against sums over everything at once.</summary>
public sealed class AugmentationMeterTests
{
    private const uint Purpose = 0x74657374;

    [Theory]
    [InlineData(100, 0.00555)]
    [InlineData(200, 0.00394)]
    public void Sampled_classes_deviate_by_the_law(int classes, double published)
    {
        using DisposeScope scope = NewDisposeScope();
        using var moments = new RunningMoments();
        var random = new PhiloxSequence(5, Purpose);
        const int size = 320;
        for (int set = 0; set < 1000; set++)
        {
            double[] share = new double[classes];
            for (int i = 0; i < size; i++)
            {
                share[random.NextInt32(classes)] += 1.0 / size;
            }

            moments.Add(tensor(share));
        }

        double deviation = moments.Variance().sqrt().mean().item<double>();
        Assert.InRange(deviation, published * 0.99, published * 1.01);
        double law = Math.Sqrt(1.0 / classes * (1 - 1.0 / classes) / size);
        Assert.InRange(deviation, law * 0.99, law * 1.01);
    }

    [Fact]
    public void The_identity_under_a_sure_teacher_gives_the_baseline()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 1000);
        var settings = new AugmentationMeterSettings { SetSize = 100, BatchSize = 50, Sets = 200 };
        AugmentationMeasure measure = AugmentationMeter.Measure(
            teacher, student: null, MeterSample.Greys(10_000, 10), MeterSample.Statistics, "identity", settings);
        Assert.Equal(Math.Sqrt(0.1 * 0.9 / 100), measure.Baseline, 6);
        Assert.InRange(measure.Relative!.Value, 0.9, 1.1);
        Assert.Equal(measure.TStddev / measure.Baseline, measure.Relative.Value, 12);
        Assert.Equal(("identity", 200, 100), (measure.Augmentation, measure.Sets, measure.SetSize));
        Assert.Null(measure.CrossEntropy);
    }

    [Fact]
    public void Mixing_under_a_teacher_that_sees_it_deviates_less_than_the_identity()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 1000);
        ImageSet images = MeterSample.Greys(4000, 10);
        var settings = new AugmentationMeterSettings { SetSize = 64, BatchSize = 32, Sets = 120 };
        double Relative(string name) =>
            AugmentationMeter.Measure(teacher, null, images, MeterSample.Statistics, name, settings).Relative!.Value;
        double identity = Relative("identity");

        // A grey image mirrored is itself: the same figure to the last digits. Mixup makes other greys of it.
        Assert.Equal(identity, Relative("flip"), 9);
        Assert.InRange(Relative("mixup") / identity, 0.5, 0.95);
    }

    [Fact]
    public void Under_the_identity_the_pairs_covariance_is_the_variance()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 0.5);
        using var student = new MeterSample.Reader(10, sharpness: 0.1);
        var settings = new AugmentationMeterSettings { SetSize = 50, BatchSize = 25, Sets = 300 };
        CrossEntropyMoments moments = AugmentationMeter.Measure(
            teacher, student, MeterSample.Greys(15_000, 10), MeterSample.Statistics, "identity", settings).CrossEntropy!;
        Assert.Equal(1, moments.PairCovariance / (2 * 50 * moments.IndependentVariance), 9);
        Assert.Equal(1, moments.PairExcess / moments.IndependentVariance, 9);
        Assert.InRange(moments.SetVariance / (2 * moments.IndependentVariance), 0.75, 1.25);
        Assert.Equal(moments.SetVariance - moments.IndependentVariance, moments.Excess, 15);
        Assert.True(moments.Mean > 0);
    }

    public static TheoryData<string> Augmentations => [.. BatchAugmentations.Names];

    [Theory]
    [MemberData(nameof(Augmentations))]
    public void Agrees_with_two_passes_over_everything(string augmentation)
    {
        using DisposeScope scope = NewDisposeScope();
        (ImageSet images, nn.Module<Tensor, Tensor> teacher, nn.Module<Tensor, Tensor> student) = Networks();
        var settings = new AugmentationMeterSettings { SetSize = 14, BatchSize = 8, Sets = 5, Seed = 3 };
        AugmentationMeasure actual = AugmentationMeter.Measure(
            teacher, student, images, images.Statistics, augmentation, settings);
        Assert.All(teacher.modules().Concat(student.modules()), module => Assert.True(module.training));
        teacher.eval();
        student.eval();

        AugmentedHalf half = AugmentedHalf.Named(augmentation, images.Statistics);
        ImageBatches batches = ImageBatches.Training(images, images.Statistics, new AugmentRecipe(), 8, 3, CPU);
        var plan = new BatchPlan(images.Count, 14, 3, dropLast: true);
        List<double[]> classMeans = [];
        List<double> setMeans = [];
        List<double> firsts = [];
        List<double> seconds = [];
        List<double> partners = [];
        uint step = 0;
        using var noGrad = no_grad();
        foreach (ReadOnlyMemory<int> set in Enumerable.Range(0, 3).SelectMany(epoch => plan.Batches(epoch)).Take(5))
        {
            double[] sums = new double[10];
            double entropySum = 0;
            foreach (int[] indices in set.ToArray().Chunk(8))
            {
                Tensor originals = batches.Load(indices, 0).Inputs;
                AugmentedBatch changed = half.Of(originals, new MixingKey(3, step++), teacher, student, fused: false);
                double[] first = Entropies(teacher.call(originals), student.call(originals), sums);
                double[] second = Entropies(teacher.call(changed.Images), student.call(changed.Images), sums);
                firsts.AddRange(first);
                seconds.AddRange(second);
                partners.AddRange(changed.Origins is { } origins
                    ? origins.data<long>().ToArray().Select(origin => first[origin])
                    : first);
                entropySum += first.Sum() + second.Sum();
            }

            classMeans.Add([.. sums.Select(sum => sum / 28)]);
            setMeans.Add(entropySum / 28);
        }

        double[] deviations = [.. Enumerable.Range(0, 10).Select(k => Math.Sqrt(Covariance(
            [.. classMeans.Select(mean => mean[k])], [.. classMeans.Select(mean => mean[k])])))];
        Assert.Equal(1, actual.TStddev / deviations.Average(), 1e-5);
        double baseline = Enumerable.Range(0, 10).Average(k =>
            classMeans.Average(mean => mean[k]) is var p ? Math.Sqrt(p * (1 - p) / 14) : 0);
        Assert.Equal(1, actual.Baseline / baseline, 1e-5);
        CrossEntropyMoments moments = actual.CrossEntropy!;
        Assert.Equal(1, moments.Mean / setMeans.Average(), 1e-5);
        Assert.Equal(1, moments.SetVariance / Covariance(setMeans, setMeans), 1e-4);
        Assert.Equal(
            1, moments.IndependentVariance / ((Covariance(firsts, firsts) + Covariance(seconds, seconds)) / 56), 1e-4);
        Assert.Equal(Covariance(partners, seconds), moments.PairCovariance, 1e-4 * Covariance(firsts, firsts));
        Assert.Equal(moments.PairCovariance / 28, moments.PairExcess, 12);
    }

    [Fact]
    public void The_seed_decides_and_nothing_else()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 1);
        ImageSet images = MeterSample.Greys(400, 10);
        AugmentationMeasure Of(long seed) => AugmentationMeter.Measure(
            teacher, teacher, images, MeterSample.Statistics, "cutmix",
            new AugmentationMeterSettings { SetSize = 40, Sets = 6, Seed = seed });
        Assert.Equal(Of(1), Of(1));
        Assert.NotEqual(Of(1).TStddev, Of(2).TStddev);
    }

    [Fact]
    public void Probabilities_that_underflow_give_no_nan()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 1e6);
        using var student = new MeterSample.Reader(10, sharpness: 1e5);
        AugmentationMeasure measure = AugmentationMeter.Measure(
            teacher, student, MeterSample.Greys(400, 10), MeterSample.Statistics, "cutmix-pick-student",
            new AugmentationMeterSettings { SetSize = 40, Sets = 4 });
        Assert.True(double.IsFinite(measure.TStddev));
        Assert.True(double.IsFinite(measure.CrossEntropy!.SetVariance));
        Assert.True(double.IsFinite(measure.CrossEntropy.PairCovariance));
    }

    [Fact]
    public void A_teacher_that_always_says_the_same_has_no_relative_value()
    {
        using var teacher = new MeterSample.Reader(1, sharpness: 1);
        AugmentationMeasure measure = AugmentationMeter.Measure(
            teacher, null, MeterSample.Greys(40, 1), MeterSample.Statistics, "flip",
            new AugmentationMeterSettings { SetSize = 8, Sets = 4 });
        Assert.Equal(0, measure.TStddev);
        Assert.Null(measure.Relative);
    }

    [Fact]
    public void Refuses_what_it_cannot_measure()
    {
        using var teacher = new MeterSample.Reader(10, sharpness: 1);
        ImageSet images = MeterSample.Greys(40, 10);
        string Refusal(string name, int size) => Assert.Throws<ArgumentException>(() => AugmentationMeter.Measure(
            teacher, null, images, MeterSample.Statistics, name, new AugmentationMeterSettings { SetSize = size })).Message;
        Assert.Contains("expected at least 41 images, as a set has, but 'greys' has 40", Refusal("flip", 41), StringComparison.Ordinal);
        Assert.Contains("cutmix-pick-student asks a student", Refusal("cutmix-pick-student", 8), StringComparison.Ordinal);
        Assert.Contains("but got 'blur'", Refusal("blur", 8), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationMeterSettings { Sets = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationMeterSettings { SetSize = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationMeterSettings { BatchSize = 1 });
    }

    private static (ImageSet Images, nn.Module<Tensor, Tensor> Teacher, nn.Module<Tensor, Tensor> Student) Networks()
    {
        ImageSet images = DataSources.Load(new DataOptions { Source = "shapes", TrainCount = 40, TestCount = 10 }).Train;
        random.manual_seed(1);
        return (
            images,
            ModelRegistry.Create("convnet-small", images.ClassCount, images.Channels, images.Height),
            ModelRegistry.Create("convnet-small", images.ClassCount, images.Channels, images.Height));
    }

    private static double[] Entropies(Tensor teacher, Tensor student, double[] sums)
    {
        double[] t = teacher.to(ScalarType.Float64).data<double>().ToArray();
        double[] s = student.to(ScalarType.Float64).data<double>().ToArray();
        double[] entropies = new double[t.Length / sums.Length];
        for (int row = 0; row < entropies.Length; row++)
        {
            Span<double> logits = t.AsSpan(row * sums.Length, sums.Length);
            Span<double> other = s.AsSpan(row * sums.Length, sums.Length);
            (double norm, double otherNorm) = (0, 0);
            for (int k = 0; k < sums.Length; k++)
            {
                norm += Math.Exp(logits[k]);
                otherNorm += Math.Exp(other[k]);
            }

            for (int k = 0; k < sums.Length; k++)
            {
                double p = Math.Exp(logits[k]) / norm;
                sums[k] += p;
                entropies[row] -= p * Math.Log(Math.Exp(other[k]) / otherNorm);
            }
        }

        return entropies;
    }

    private static double Covariance(List<double> x, List<double> y)
    {
        (double left, double right) = (x.Average(), y.Average());
        return x.Zip(y, (a, b) => (a - left) * (b - right)).Sum() / (x.Count - 1);
    }
}
