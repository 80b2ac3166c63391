using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Tasks;

/// <summary>Point clouds as a task: trained, measured, reported, evaluated again, and refused.</summary>
[Collection(TorchTests.Name)]
public sealed class CloudTaskTests : IDisposable
{
    private static readonly string[] OfOneKind =
        [.. MethodCatalog.Names.Where(name => MethodCatalog.Find(name)!.Task is not null)];

    private readonly string root = Directory.CreateTempSubdirectory("kd-clouds").FullName;

    public static TheoryData<string> Methods => [.. MethodCatalog.Names.Where(name => name != MethodCatalog.None)];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Trains_measures_reports_and_measures_the_checkpoint_alike()
    {
        Recipe recipe = Sample();
        string path = Path.Combine(root, "run");
        ExperimentResult result = TrainingSample.Run(recipe, path);

        Assert.Equal(20, result.HeldOut);
        Assert.NotNull(result.Difference);
        HeldOutMetrics measured = result.Distilled[0].HeldOut;
        Assert.InRange(measured.Accuracy, 0, 1);
        Assert.InRange(measured.Entropy, 1e-3, Math.Log(10));
        Assert.NotNull(measured.Agreement);
        Assert.Contains("Held-out accuracy", ReportPage.Render(RunReportReader.Read(path)), StringComparison.Ordinal);

        CheckpointEvaluation again = CheckpointEvaluation.Run(
            recipe, Path.Combine(path, "checkpoints", "distilled-1", "last"), role: null, _ => { });
        Assert.Equal("pointnet-small", again.Model);
        Assert.Equal(20, again.Predictions!.Count);
        Assert.Equal((measured.Accuracy, measured.Loss), (again.Metrics.Accuracy, again.Metrics.Loss));
    }

    /// <summary>Two clouds through every stage of every method: those of any task make their terms, those of another are
    /// refused.</summary>
    [Theory]
    [MemberData(nameof(Methods))]
    public void Methods_of_any_task_make_their_terms_and_others_are_refused(string method)
    {
        string[] fitting = method switch
        {
            "takd" => ["distill.assistants=[pointnet-large]"],
            // It compares channel by channel.
            "fsp" => ["teacher.model=pointnet-small"],
            _ => [],
        };
        Recipe recipe = Sample([$"method={method}", .. fitting]);
        LearningTask task = TaskCatalog.Load(recipe.Data, recipe.Name);
        using var scope = NewDisposeScope();
        void Check() => ExperimentCheck.Run(recipe, task, task, [new Arm("distilled", recipe.Distill)]);
        if (OfOneKind.Contains(method, StringComparer.Ordinal))
        {
            RecipeException refused = Assert.Throws<RecipeException>(Check);
            Assert.Contains("is for clouds", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            Check();
        }
    }

    [Theory]
    [InlineData("expected none for clouds, which has no images, but got some", "data.augment.flip=true")]
    [InlineData("expected 0 for clouds, which has no images, but got 32", "data.image-size=32")]
    [InlineData("expected less than the 60 training items but got 59", "data.validation=59")]
    [InlineData("expected a class from 0 to 9 but got 10", "student.omit-class=10")]
    [InlineData("expected a model for clouds, one of pointnet-small, pointnet-large, but got 'convnet-small'", "student.model=convnet-small")]
    [InlineData("pointnet-small, pointnet-large, but got 'lstm-small'", "teacher.model=lstm-small")]
    [InlineData("expected none for clouds-v1/train, which has no images to classify, but got some", "evaluation.noise=[0.1]")]
    [InlineData("inputs of 3x32x32, but has to look at clouds-v1/train", "teacher={model: convnet-small, data: {name: shapes, train: 40, test: 12}}")]
    public void Refuses_before_training(string sentence, string change)
    {
        var observer = new RecordingObserver();
        RecipeException refused = Assert.Throws<RecipeException>(
            () => TrainingSample.Run(Sample(change), Path.Combine(root, "run"), observer));
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Empty(observer.Started);
    }

    /// <summary>Against the same figures from torch, in float64.</summary>
    [Fact]
    public void Measures_what_torch_measures_whatever_the_batch_size()
    {
        using var scope = NewDisposeScope();
        CloudSplits splits = Clouds.Generate(20, 30, seed: 7);
        var task = new CloudTask(splits.Train, splits.Test);
        nn.Module<Tensor, Tensor> network = task.CreateNetwork("pointnet-small", seed: 1, CPU);
        int[] all = [.. Enumerable.Range(0, 30)];
        Tensor labels = tensor(splits.Test.Labels.ToArray().Select(label => (long)label).ToArray());
        network.eval();
        Tensor logits = network.call(CloudBatches.Points(splits.Test, all)).to(float64);
        network.train();
        Tensor log = nn.functional.log_softmax(logits, 1);

        foreach (int batchSize in (int[])[7, 30])
        {
            Evaluation measured = task.Evaluate(
                network, new EvaluationRecipe { BatchSize = batchSize }, CPU, [.. all.Select(i => i % 10)]);
            double accuracy = logits.argmax(1).eq(labels).to(float64).mean().ToDouble();
            Assert.Equal(accuracy, measured.Metrics.Accuracy, 1e-12);
            Assert.Equal(nn.functional.cross_entropy(logits, labels).ToDouble(), measured.Metrics.Loss, 1e-6);
            Assert.Equal(-(log.exp() * log).sum(1).mean().ToDouble(), measured.Metrics.Entropy, 1e-6);
            Assert.Equal(accuracy, measured.Metrics.Agreement!.Value, 1e-12);
            Assert.Equal(accuracy, measured.Scores.Average(), 1e-12);
        }

        Assert.True(network.training);
    }

    [Fact]
    public void Leaves_out_what_a_recipe_leaves_out_and_measures_the_omitted_class()
    {
        using var scope = NewDisposeScope();
        LearningTask task = TaskCatalog.Load(Sample("data.validation=10").Data, "sample");
        Assert.Equal(("clouds-v1/train", 50, 10), (task.HeldOutName, task.TrainCount, task.HeldOutCount));
        LearningTask few = task.WithTraining(perClass: 2, omitClass: 3);
        Assert.Equal([0, 1, 2, 4, 5, 6, 7, 8, 9], few.TrainLabels!.Distinct().Order());
        Assert.Equal(18, few.TrainCount);
        Assert.Same(task, task.WithTraining(perClass: 0, omitClass: -1));
        LearningTask selection = task.ForSelection()!;
        Assert.Equal((45, 5), (selection.TrainCount, selection.HeldOutCount));
        Evaluation measured = few.Evaluate(
            few.CreateNetwork("pointnet-small", seed: 1, CPU), new EvaluationRecipe(), CPU, teacher: null);
        Assert.Contains("accuracy on the omitted class", measured.Metrics.Extra!.Keys, StringComparer.Ordinal);
    }

    private static Recipe Sample(params string[] overrides) => TrainingSample.Recipe(
        ["data={name: clouds, train: 60, test: 20}", "teacher.model=pointnet-large", "student.model=pointnet-small", .. overrides]);
}
