using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Mixing;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary><c>augmented-kd</c> against a composition of plain torch operations, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class AugmentedKdMethodTests
{
    private const int Rows = 6;

    public static TheoryData<string> Augmentations => [.. BatchAugmentations.Names];

    [Theory]
    [MemberData(nameof(Augmentations))]
    public void Learns_from_the_batch_and_from_the_changed_batch(string augmentation)
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(
            ("augmentation", augmentation), ("temperature", (ScheduledValue)3.0),
            ("kd-weight", (ScheduledValue)0.4), ("augmented-weight", (ScheduledValue)0.7));
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, labels: 0.1, step: 2);
            Tensor changed = Changed(sample, step, augmentation);
            IReadOnlyList<LossTerm> terms = sample.Method.Terms(step);
            Assert.Equal(["kd", "augmented"], terms.Select(term => term.Name));
            Tensor expected = Kl(step.Student.Output, step.Teacher.Output, 3) * 0.4;
            expected += Kl(sample.Student.call(changed), sample.Teacher.call(changed).detach(), 3) * 0.7;
            if (step.LabelsTaken)
            {
                expected += nn.functional.cross_entropy(step.Student.Output, step.Batch.Labels) * 0.1;
            }

            sample.AssertSame(expected, MethodSample.Total(terms));
            Assert.True(sample.Student.training);
            Assert.False(sample.Teacher.training);
        }
    }

    [Fact]
    public void A_teacher_that_picks_does_what_cutmix_pick_does()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(("augmentation", "cutmix-pick-teacher"));
        using MethodSample other = MethodSample.Create("cutmix-pick", "resnet8", "resnet14");
        double[] own = MethodSample.Total(sample.Method.Terms(sample.Step(Rows))).data<double>().ToArray();
        Assert.Equal(own, MethodSample.Total(other.Method.Terms(other.Step(Rows))).data<double>().ToArray());
    }

    [Fact]
    public void Origins_name_the_image_that_a_picked_mixture_was_made_from()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Sample(("augmentation", "cutmix-pick-teacher"));
        MethodStep step = sample.Step(Rows);
        AugmentedBatch changed = ((AugmentedKdMethod)sample.Method).Changed(step);
        long[] origins = changed.Origins!.data<long>().ToArray();
        double[] images = step.Batch.Inputs.contiguous().data<double>().ToArray();
        double[] mixed = changed.Images.data<double>().ToArray();
        int size = images.Length / Rows;
        bool outside = false;
        for (int i = 0; i < Rows; i++)
        {
            // The corners that no box reached are the image's own.
            int equal = Enumerable.Range(0, size).Count(pixel => mixed[i * size + pixel] == images[origins[i] * size + pixel]);
            outside |= equal > size / 10;
        }

        Assert.True(outside);
        Assert.All(origins, origin => Assert.InRange(origin, 0, Rows - 1));
    }

    [Fact]
    public void The_shipped_recipe_names_it() =>
        Assert.Equal("augmented-kd", RecipeReader.Read("augmented-kd", []).Distill.Methods[0].Name);

    [Fact]
    public void Refuses_an_augmentation_that_does_not_exist()
    {
        RecipeException error = Assert.Throws<RecipeException>(
            () => RecipeReader.Read("augmented-kd", ["distill.augmentation=blur"]));
        Assert.Contains("random-erasing", error.Message, StringComparison.Ordinal);
        Assert.Contains("blur", error.Message, StringComparison.Ordinal);
    }

    private static MethodSample Sample(params (string Key, object Value)[] settings) =>
        MethodSample.Create("augmented-kd", "resnet8", "resnet14", settings);

    private static Tensor Changed(MethodSample sample, MethodStep step, string augmentation)
    {
        var key = new MixingKey(step.Seed, (uint)step.Step);
        if (!BatchAugmentations.Picks(augmentation))
        {
            return BatchAugmentations.Create(augmentation, ((ImageClassification)sample.Task).Statistics)
                .Augment(step.Batch.Inputs, key);
        }

        Tensor pool = cat(
            [.. Enumerable.Range(0, 2).Select(run => new CutMix().Mix(step.Batch.Inputs, key with { Run = (uint)run }).Images)]);
        nn.Module<Tensor, Tensor> picker = augmentation == "cutmix-pick-teacher" ? sample.Teacher : sample.Student;
        bool training = picker.training;
        picker.eval();
        Tensor p = nn.functional.softmax(picker.call(pool), 1);
        picker.train(training);
        long[] order = (-(p * p.log()).sum(1)).argsort(0, descending: true).data<long>().ToArray();
        return pool[tensor(order[..Rows])];
    }

    private static Tensor Kl(Tensor student, Tensor teacher, double temperature)
    {
        Tensor p = nn.functional.log_softmax(teacher / temperature, 1);
        Tensor q = nn.functional.log_softmax(student / temperature, 1);
        return (p.exp() * (p - q)).sum() * (temperature * temperature / student.shape[0]);
    }
}
