using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Tasks;

/// <summary>Detection and segmentation as tasks: trained, measured, reported, evaluated again, and refused.</summary>
[Collection(TorchTests.Name)]
public sealed class VisionTaskTests : IDisposable
{
    private const string Scenes = "data={name: scenes, train: 40, test: 12}";
    private const string Masks = "data={name: shapes-segmentation, train: 40, test: 12}";

    private static readonly string[] Detectors = ["teacher.model=detector-large", "student.model=detector-small"];
    private static readonly string[] Segmenters = ["teacher.model=segmenter-large", "student.model=segmenter-small"];

    private readonly string root = Directory.CreateTempSubdirectory("kd-vision").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(Scenes, "kd", "mAP@0.5")]
    [InlineData(Scenes, "logits", "mAP@0.5")]
    [InlineData(Scenes, "detection", "mAP@0.5")]
    [InlineData(Masks, "kd", "mIoU")]
    [InlineData(Masks, "asdt", "mIoU")]
    public void Trains_measures_reports_and_measures_the_checkpoint_alike(string data, string method, string extra)
    {
        Recipe recipe = Recipe(data, $"method={method}");
        string path = Path.Combine(root, "run");
        ExperimentResult result = TrainingSample.Run(recipe, path);

        Assert.Equal(12, result.HeldOut);
        Assert.Equal(method != "asdt", result.Teacher is not null);
        Assert.NotNull(result.Difference);
        HeldOutMetrics measured = result.Distilled[0].HeldOut;
        Assert.InRange(measured.Accuracy, 0, 1);
        Assert.InRange(measured.Extra![extra], 0, 1);
        Assert.InRange(measured.Loss, 1e-3, 100);
        Assert.InRange(measured.Entropy, 1e-3, Math.Log(11));
        Assert.Null(measured.Agreement);
        string page = ReportPage.Render(RunReportReader.Read(path));
        Assert.Contains("Held-out accuracy", page, StringComparison.Ordinal);

        CheckpointEvaluation again = CheckpointEvaluation.Run(
            recipe, Path.Combine(path, "checkpoints", "distilled-1", "last"), role: null, _ => { });
        Assert.Equal(recipe.Student.Model, again.Model);
        Assert.Null(again.Predictions);
        Assert.Equal(measured.Accuracy, again.Metrics.Accuracy);
        Assert.Equal(measured.Loss, again.Metrics.Loss);
        Assert.Equal(measured.Extra[extra], again.Metrics.Extra![extra]);
    }

    [Theory]
    [InlineData("expected a model for detection, one of detector-small, detector-large, but got 'convnet-small'", Scenes, "student.model=convnet-small")]
    [InlineData("expected a model for detection, one of detector-small, detector-large, but got 'segmenter-small'", Scenes, "teacher.model=segmenter-small")]
    [InlineData("expected a model for segmentation, one of segmenter-small, segmenter-large, but got 'detector-small'", Masks, "student.model=detector-small")]
    [InlineData("wrn-40-2, but got 'detector-small'", "data.name=shapes", "student.model=detector-small")]
    [InlineData("detection is for detection but the recipe's data, shapes-v1/train, is for segmentation", Masks, "method=detection")]
    [InlineData("asdt is for segmentation but the recipe's data, scenes-v1/train, is for detection", Scenes, "method=asdt")]
    [InlineData("expected none with scenes, whose boxes do not follow the pixels", Scenes, "data.augment.flip=true")]
    [InlineData("expected 48, the size of scenes's images (or 0), but got 32", Scenes, "data.image-size=32")]
    [InlineData("expected a class from 0 to 5 but got 6", Scenes, "student.omit-class=6")]
    [InlineData("expected at least 2 training scenes but got 1", Scenes, "data.train=1")]
    [InlineData(
        "kd compares logits: expected a teacher for segmentation, as the student segmenter-small is, but got convnet-small, for images",
        Masks, "teacher={model: convnet-small, data: {name: shapes, train: 40, test: 12}}")]
    public void Refuses_before_training(string sentence, string data, string own)
    {
        var observer = new RecordingObserver();
        RecipeException refused = Assert.Throws<RecipeException>(
            () => TrainingSample.Run(Recipe(data, own), Path.Combine(root, "run"), observer));
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Empty(observer.Started);
    }

    /// <summary>A student of either task, every method that needs none of its own kind: it trains or is refused.</summary>
    [Theory]
    [MemberData(nameof(Others))]
    public void Any_other_method_makes_its_terms_or_is_refused_in_a_sentence(string method, string data)
    {
        string[] epochs =
        [
            .. MethodCatalog.Find(method)!.Settings.Where(setting => setting.Key.EndsWith("epochs", StringComparison.Ordinal))
                .Select(setting => $"distill.{setting.Key}=1"),
        ];
        try
        {
            ExperimentResult result = TrainingSample.Run(
                Recipe(data, [$"method={method}", "student.solver.lr=0.001", .. epochs]), Path.Combine(root, "run"));
            Assert.True(double.IsFinite(result.Distilled[0].HeldOut.Loss));
        }
        catch (RecipeException refused)
        {
            Assert.DoesNotContain('\n', refused.Message);
        }
    }

    public static TheoryData<string, string> Others
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (MethodDefinition method in MethodCatalog.All.Where(
                method => method.Name != MethodCatalog.None && method.Task is null && method.Assistants(MethodRecipe.Default(method.Name).Settings).Count == 0))
            {
                cases.Add(method.Name, Scenes);
                cases.Add(method.Name, Masks);
            }

            return cases;
        }
    }

    [Fact]
    public void Cells_of_scenes_are_rows_and_a_scene_is_right_if_all_of_them_are()
    {
        using var scope = NewDisposeScope();
        LearningTask task = Load("scenes");
        Batch batch = task.TrainingBatches(new AugmentRecipe(), 4, seed: 1, CPU).Load([0, 1, 2, 3], epoch: 0);
        Assert.Equal(([4L, 36L], [4L, 36L, 4L]), (batch.Labels.shape, batch.Targets!.shape), new ShapesEqual());
        Assert.Equal(7, task.Classes);

        Tensor logits = nn.functional.one_hot(batch.Labels, 7).to(ScalarType.Float32);
        Tensor output = cat([logits, batch.Targets], 2);
        Assert.Equal([4L * 36, 7L], task.ClassRows(output).shape);
        Assert.True(task.ClassRows(output).argmax(1).eq(task.LabelRows(batch.Labels)).all().item<bool>());
        Assert.Equal(4, Hits(output));
        Tensor wrong = output.clone();
        wrong[2, 5] = -wrong[2, 5];
        Assert.Equal(3, Hits(wrong));
        Assert.Equal(3, task.Agreements(output, wrong).item<long>());

        long Hits(Tensor answer) => task.Hits(Pass(task, answer), batch).item<long>();
    }

    [Fact]
    public void Pixels_of_masks_are_rows_and_an_image_is_right_if_its_class_is_what_the_mask_shows_most_of()
    {
        using var scope = NewDisposeScope();
        LearningTask task = Load("shapes-segmentation");
        Batch batch = task.TrainingBatches(new AugmentRecipe(), 3, seed: 1, CPU).Load([0, 1, 2], epoch: 0);
        Assert.Equal([3L], batch.Labels.shape);
        Tensor output = zeros([3, 11, 32, 32]);
        output[0, 1 + (int)batch.Labels[0].item<long>(), 7, 9] = tensor(5f);
        output[1, 1 + (int)batch.Labels[1].item<long>(), 7, 9] = tensor(5f);
        output[2, 1 + ((int)batch.Labels[2].item<long>() + 1) % 10, 7, 9] = tensor(5f);

        Tensor rows = task.ClassRows(output);
        Assert.Equal([3L * 32 * 32, 11L], rows.shape);
        Assert.Equal(5, rows[7 * 32 + 9, 1 + (int)batch.Labels[0].item<long>()].item<float>());
        Assert.Equal(2, task.Hits(Pass(task, output), batch).item<long>());
        Assert.Equal(3, task.Agreements(output, output * 2).item<long>());
        Assert.False(task.HasRowLabels);
    }

    [Theory]
    [InlineData("scenes", 6)]
    [InlineData("shapes-segmentation", 10)]
    public void Items_are_left_out_by_class_and_held_out_for_selection(string name, int classes)
    {
        LearningTask task = Load(name);
        Assert.Equal(classes, task.ItemClasses);
        Assert.Same(task, task.WithTraining(0, -1));
        Assert.Equal(2 * classes, task.WithTraining(2, -1).TrainCount);
        LearningTask without = task.WithTraining(0, 3);
        Assert.InRange(without.TrainCount, 10, 80 - 8);
        Assert.Equal(task.HeldOutFingerprint, without.HeldOutFingerprint);
        LearningTask selection = task.ForSelection()!;
        Assert.Equal((72, 8), (selection.TrainCount, selection.HeldOutCount));
        LearningTask validated = TaskCatalog.Load(new DataRecipe { Name = name, Train = 80, Test = 20, Validation = 10 }, "x");
        Assert.Equal((70, 10), (validated.TrainCount, validated.HeldOutCount));
        Assert.NotEqual(task.HeldOutFingerprint, validated.HeldOutFingerprint);
    }

    [Fact]
    public void A_scene_with_an_omitted_object_is_never_seen()
    {
        using var scope = NewDisposeScope();
        LearningTask without = Load("scenes").WithTraining(0, 3);
        int[] every = [.. Enumerable.Range(0, without.TrainCount)];
        Batch batch = without.TrainingBatches(new AugmentRecipe(), every.Length, seed: 1, CPU).Load(every, epoch: 0);
        Assert.False(batch.Labels.eq(3 + 1).any().item<bool>());
        Assert.True(batch.Labels.eq(2 + 1).any().item<bool>());
    }

    /// <summary>The same network, measured in batches of 3 and of 64.</summary>
    [Theory]
    [InlineData("scenes", "detector-small")]
    [InlineData("shapes-segmentation", "segmenter-small")]
    public void Figures_do_not_depend_on_the_batches(string name, string model)
    {
        LearningTask task = Load(name);
        using nn.Module<Tensor, Tensor> network = task.CreateNetwork(model, seed: 1, CPU);
        Evaluation few = task.Evaluate(network, new EvaluationRecipe { BatchSize = 3 }, CPU, teacher: null);
        Evaluation all = task.Evaluate(network, new EvaluationRecipe { BatchSize = 64 }, CPU, teacher: null);
        Assert.Equal(20, few.Scores.Length);
        Assert.Equal(all.Metrics.Loss, few.Metrics.Loss, 1e-5);
        Assert.Equal(all.Metrics.Entropy, few.Metrics.Entropy, 1e-5);
        Assert.Equal(all.Scores.Average(), all.Metrics.Accuracy, 1e-12);
        Assert.True(network.training);
    }

    [Fact]
    public void A_perfect_detector_has_a_score_of_one()
    {
        LearningTask task = Load("scenes");
        using var perfect = new Oracle((SceneDetection)task);
        Evaluation evaluation = task.Evaluate(perfect, new EvaluationRecipe { BatchSize = 7 }, CPU, teacher: null);
        // A cell has room for one object, so that a few scenes have one too many.
        Assert.InRange(evaluation.Metrics.Accuracy, 0.97, 1);
        Assert.InRange(evaluation.Metrics.Extra!["mAP@0.5"], 0.95, 1);
        Assert.InRange(evaluation.Metrics.Loss, 0, 1e-3);
    }

    private static LearningTask Load(string name) => TaskCatalog.Load(new DataRecipe { Name = name, Train = 80, Test = 20 }, "x");

    private static NetworkPass Pass(LearningTask task, Tensor output) =>
        new(nn.Identity(), output, new Dictionary<string, Tensor>(StringComparer.Ordinal), output.shape[0]);

    private static Recipe Recipe(string data, params string[] own) => TrainingSample.Recipe(
        [
            .. data.Contains("scenes", StringComparison.Ordinal) ? Detectors : Segmenters,
            "teacher.solver.epochs=1", "student.solver.epochs=1", data, .. own,
        ]);

    private sealed class ShapesEqual : IEqualityComparer<(long[] Left, long[] Right)>
    {
        public bool Equals((long[] Left, long[] Right) x, (long[] Left, long[] Right) y) =>
            x.Left.SequenceEqual(y.Left) && x.Right.SequenceEqual(y.Right);

        public int GetHashCode((long[] Left, long[] Right) shapes) => shapes.Left.Length;
    }

    /// <summary>Says what the held-out scenes hold, one after the other.</summary>
    private sealed class Oracle : nn.Module<Tensor, Tensor>
    {
        private readonly SceneDetection task;
        private int next;

        public Oracle(SceneDetection task)
            : base(nameof(Oracle)) => this.task = task;

        public override Tensor forward(Tensor input)
        {
            int count = (int)input.shape[0];
            var scenes = KdKernels.Distillation.Data.Scenes.Generate(80, 20, 2026).Test;
            DetectionTargets targets = DetectionTargets.Assign(
                scenes.Objects([.. Enumerable.Range(next, count)]), task.Grid);
            next += count;
            Tensor logits = nn.functional.one_hot(targets.Classes, 7).to(ScalarType.Float32) * 20;
            return cat([logits, targets.Offsets], 2);
        }
    }
}
