using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Analysis.Augmentations;

/// <summary>Augmentations measured for the teacher of a run, smallest T.stddev first.</summary>
/// <param name="Teacher">The teacher's model.</param>
/// <param name="Student">The name of the student's training, whose cross-entropy was measured; null without any.</param>
/// <param name="Data">The training set's name.</param>
/// <param name="Images">How many of its images the sets are drawn from.</param>
/// <param name="Settings">How much was looked at.</param>
/// <param name="Measures">One per augmentation.</param>
public sealed record AugmentationRanking(
    string Teacher,
    string? Student,
    string Data,
    int Images,
    AugmentationMeterSettings Settings,
    IReadOnlyList<AugmentationMeasure> Measures)
{
    /// <summary>Sets that are a larger part of the images than this get a remark: the baseline does not hold there.</summary>
    private const double SmallPart = 0.1;

    /// <summary>Measures augmentations on the training images of a run, changed as the run trains on them.</summary>
    /// <param name="run">A run folder with a teacher in it, or whose recipe names the teacher's weights.</param>
    /// <param name="augmentations">Names from <see cref="BatchAugmentations.Names"/>.</param>
    /// <param name="settings">How much to look at; how images are changed in training is the run's.</param>
    /// <param name="images">Only so many of the training images, the first ones; 0 for all.</param>
    /// <param name="message">Told what a user should know about the networks and the figures.</param>
    /// <param name="cancellation">Looked at before each set.</param>
    /// <exception cref="Distillation.Training.RunFolderException">There is no run.</exception>
    /// <exception cref="RecipeException">It is not about images, or they are too few.</exception>
    /// <exception cref="CheckpointException">There is no teacher, or its weights are damaged.</exception>
    public static AugmentationRanking Of(
        string run,
        IReadOnlyList<string> augmentations,
        AugmentationMeterSettings settings,
        int images,
        Action<string> message,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(augmentations);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(message);
        using RunNetworks networks = RunNetworks.Open(run, message);
        ImageSet all = networks.Task.Train;
        if (images > all.Count)
        {
            throw new RecipeException(run, 0, "", $"expected at most {all.Count} images, as {all.Name} has, but got {images}");
        }

        ImageSet used = images == 0 ? all : all.Take(images);
        AugmentationMeterSettings own = settings with { Training = networks.Recipe.Data.Augment };
        if (own.SetSize > SmallPart * used.Count)
        {
            message(
                $"Sets of {own.SetSize} are a large part of {used.Count} images: they are drawn without replacement, so that "
                + "T.stddev lies below the baseline whatever the augmentation. Compare augmentations with one another.");
        }

        List<AugmentationMeasure> measures = [];
        foreach (string augmentation in augmentations)
        {
            if (augmentation == BatchAugmentations.CutMixPickStudent && networks.Student is null)
            {
                message($"{augmentation} is left out: it asks a student, and this run has none.");
                continue;
            }

            measures.Add(Measure(run, networks, used, augmentation, own, cancellation));
        }

        return new AugmentationRanking(
            networks.Recipe.Teacher.Model,
            networks.StudentName,
            all.Name,
            used.Count,
            own,
            [.. measures.OrderBy(measure => measure.TStddev)]);
    }

    private static AugmentationMeasure Measure(
        string run,
        RunNetworks networks,
        ImageSet images,
        string augmentation,
        AugmentationMeterSettings settings,
        CancellationToken cancellation)
    {
        try
        {
            return AugmentationMeter.Measure(
                networks.Teacher, networks.Student, images, networks.Task.Statistics, augmentation, settings, cancellation);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(run, 0, "", error.Message);
        }
    }
}
