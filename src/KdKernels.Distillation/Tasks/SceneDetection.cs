using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>
/// Scenes, a box and a class for each object. A network's output is <c>[B, A, C + 1 + 4]</c>; rows of class logits are the
/// cells, <c>[B · A, C + 1]</c>, background first. A network's accuracy is the mean over scenes of F1 at an overlap of one
/// half, of the boxes that score at least <see cref="SceneEvaluator.MinScore"/>.
/// </summary>
internal sealed class SceneDetection : LearningTask
{
    public const string KindName = "detection";

    private const int DefaultTrain = 2000;
    private const int DefaultTest = 1000;

    // The seed that DataOptions fixes for shapes: runs of other seeds see the same data.
    private static readonly ulong DataSeed = new DataOptions().Seed;

    private readonly SceneSet all;
    private readonly SceneSet train;
    private readonly SceneSet heldOut;

    private SceneDetection(SceneSet all, SceneSet train, SceneSet heldOut)
    {
        this.all = all;
        this.train = train;
        this.heldOut = heldOut;
        Grid = GridDetector.GridOf(train.ClassCount, train.Images.Height);
    }

    public override string Kind => KindName;

    /// <summary>The cells of the networks.</summary>
    public DetectionGrid Grid { get; }

    public override string Item => "scene";

    public override string TrainName => train.Name;

    public override string HeldOutName => heldOut.Name;

    public override int TrainCount => train.Count;

    public override int HeldOutCount => heldOut.Count;

    /// <inheritdoc/>
    public override int Classes => Grid.LogitCount;

    /// <summary>C: nothing can be told by background.</summary>
    public override int ItemClasses => Grid.ClassCount;

    public override string Description => train.Description;

    public override string TrainFingerprint => train.Fingerprint;

    public override string HeldOutFingerprint => heldOut.Fingerprint;

    /// <summary>The loss is weighted by class, and half of it is about boxes.</summary>
    public override bool HasRowLabels => false;

    public override bool RowsAreItems => false;

    /// <summary>Generates what a recipe asks for.</summary>
    /// <exception cref="RecipeException">It asks for something impossible.</exception>
    public static LearningTask Load(DataRecipe data, string recipe, string key)
    {
        if (data.Augment != new AugmentRecipe())
        {
            throw new RecipeException(
                recipe, 0, $"{key}.augment", "expected none with scenes, whose boxes do not follow the pixels, but got some");
        }

        (int trained, int tested) = (data.Train == 0 ? DefaultTrain : data.Train, data.Test == 0 ? DefaultTest : data.Test);
        if (trained - data.Validation < 2)
        {
            throw new RecipeException(
                recipe, 0, $"{key}.train", $"expected at least 2 training scenes but got {trained - data.Validation}");
        }

        SceneSplits splits = Scenes.Generate(trained, tested, DataSeed);
        SceneSet kept = splits.Train.Take(trained - data.Validation);
        return data.Validation == 0
            ? new SceneDetection(splits.Train, splits.Train, splits.Test)
            : Split(kept, kept, splits.Train, data.Validation);
    }

    /// <summary>What the cells of a batch should say, in the dtype of <paramref name="output"/>.</summary>
    public static DetectionTargets TargetsOf(Batch batch, Tensor output) => new(
        batch.Labels, batch.Targets!.to(output.dtype), batch.Labels.ne(DetectionGrid.Background));

    public override NetworkSignature SignatureOf(string model) =>
        new(model, train.ClassCount, train.Images.Channels, train.Images.Height);

    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        new SceneBatches(
            train,
            Grid,
            ImageBatches.Training(train.Images, all.Images.Statistics, new AugmentRecipe(), batchSize, seed, device),
            device);

    /// <summary>For the limit per class a scene counts for the class of its first object; one that has an omitted object
    /// anywhere is left out.</summary>
    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        int[] seen = new int[train.ClassCount];
        List<int> kept = [];
        for (int i = 0; i < train.Count; i++)
        {
            int label = train.Images.Label(i);
            if ((perClass == 0 || seen[label] < perClass) && !train.Objects(i).Any(item => item.ClassId == omitClass))
            {
                kept.Add(i);
                seen[label]++;
            }
        }

        return kept.Count == train.Count ? this : new SceneDetection(all, train.Select([.. kept]), heldOut);
    }

    public override LearningTask ForSelection()
    {
        int selected = Math.Max(1, train.Count / 10);
        return Split(all, train.Take(train.Count - selected), train, selected);
    }

    /// <summary><see cref="DetectionLoss.Total"/> with its defaults.</summary>
    /// <inheritdoc/>
    public override TermContract LabelContract { get; } = new(
        "labels",
        "Σ_cells w_y (−log softmax(z_s)[y]) with w = 1.5 for background, and Σ_foreground smooth L1 of the four offsets",
        "B·A cells, and max(1, foreground cells)", 0, "",
        "λ w_y (p_s − u_y) / (B·A) on logits", "");

    public override Tensor LabelLoss(NetworkPass pass, Batch batch) =>
        DetectionLoss.Total(pass.Output, TargetsOf(batch, pass.Output), Grid);

    /// <summary>A scene is right if the likeliest class of every cell is.</summary>
    public override Tensor Hits(NetworkPass pass, Batch batch) =>
        CellClasses(pass.Output).eq(batch.Labels).all(1).sum();

    /// <summary>Two outputs agree on a scene if they do on the likeliest class of every cell.</summary>
    public override Tensor Agreements(Tensor output, Tensor other) =>
        CellClasses(output).eq(CellClasses(other)).all(1).sum();

    public override Tensor ClassRows(Tensor output) => Grid.Logits(output).flatten(0, 1);

    public override Tensor LabelRows(Tensor labels) => labels.flatten();

    public override Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher) =>
        new SceneEvaluator(heldOut, Grid, all.Images.Statistics, evaluation.BatchSize, device).Run(network);

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(Kind, model, train.ClassCount, train.Images.Channels, train.Images.Height);

    private Tensor CellClasses(Tensor output) => Grid.Logits(output.detach()).argmax(-1);

    // Scenes are drawn independently of each other, so that the last ones are as good as any.
    private static SceneDetection Split(SceneSet all, SceneSet train, SceneSet from, int count) =>
        new(all, train, from.Range(from.Count - count, count));
}
