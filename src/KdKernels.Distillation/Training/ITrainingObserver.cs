namespace KdKernels.Distillation.Training;

/// <summary>
/// Told what a run does, while it does it: the console, the log and tests listen. Called on the training thread, so an
/// observer must be quick; what it throws ends the run.
/// </summary>
public interface ITrainingObserver
{
    /// <summary>A sentence for the user: what was resumed, what was skipped, what was found damaged.</summary>
    void Message(string text);

    void StageStarted(StageInfo stage);

    void StepFinished(StepInfo info);

    void EpochFinished(EpochInfo info);

    void StageFinished(StageInfo stage, NetworkResult result);
}

/// <summary>What a network is in the experiment.</summary>
public enum NetworkRole
{
    Teacher,

    /// <summary>A student that sees only labels.</summary>
    Plain,

    /// <summary>The same student, taught.</summary>
    Distilled,

    /// <summary>The first of a two-stage method's trainings of a student.</summary>
    FirstStage,

    /// <summary>A network between teacher and student.</summary>
    Assistant,

    /// <summary>What a method puts on top of its teacher.</summary>
    TeacherParts,
}

/// <summary>One network's training within an experiment.</summary>
/// <param name="Name">Unique within the run and fit for a file name: <c>teacher</c>, <c>plain-1</c>,
/// <c>distilled-1</c>, ...</param>
/// <param name="Role">What the network is.</param>
/// <param name="Repeat">Zero-based index of the paired repeat; 0 for the teacher.</param>
/// <param name="Seed">The seed of this repeat's initial weights, batch order and augmentation.</param>
/// <param name="Model">Name in <see cref="Models.ModelRegistry"/>.</param>
/// <param name="Parameters">Number of trained numbers.</param>
/// <param name="Epochs">Epochs to train; 0 where the network was loaded.</param>
/// <param name="StepsPerEpoch">Batches in an epoch.</param>
/// <param name="Number">One-based position of this stage in the experiment.</param>
/// <param name="Of">Number of stages.</param>
public sealed record StageInfo(
    string Name,
    NetworkRole Role,
    int Repeat,
    long Seed,
    string Model,
    long Parameters,
    int Epochs,
    int StepsPerEpoch,
    int Number,
    int Of);

/// <summary>A training loss and its parts, as means per image.</summary>
/// <param name="Total">What was minimised.</param>
/// <param name="CrossEntropy">Cross-entropy against the labels.</param>
/// <param name="Distillation">The sum of the methods' terms, without their weights: for <c>kd</c> alone
/// T² KL(teacher ‖ student). Null without a method.</param>
/// <param name="Terms">The methods' terms by name, without their weights; null without a method.</param>
public sealed record LossTerms(
    double Total, double CrossEntropy, double? Distillation, IReadOnlyDictionary<string, double>? Terms = null);

/// <summary>One optimiser step.</summary>
/// <param name="Stage">The training that it belongs to.</param>
/// <param name="Epoch">One-based.</param>
/// <param name="Step">One-based within the epoch.</param>
/// <param name="Loss">Of this batch.</param>
/// <param name="LearningRate">Used in this step.</param>
/// <param name="Temperature">Used in this step; null without a teacher.</param>
/// <param name="Alpha">Weight of the distillation term in this step; null without a teacher.</param>
/// <param name="ImagesPerSecond">Since the stage began or was resumed.</param>
/// <param name="Remaining">Estimate for the rest of the stage.</param>
public sealed record StepInfo(
    StageInfo Stage,
    int Epoch,
    int Step,
    LossTerms Loss,
    double LearningRate,
    double? Temperature,
    double? Alpha,
    double ImagesPerSecond,
    TimeSpan Remaining);

/// <summary>One epoch; the means are over its training images, as the network was when it saw them.</summary>
/// <param name="Stage">The training that it belongs to.</param>
/// <param name="Epoch">One-based.</param>
/// <param name="Loss">Mean over the epoch.</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="Temperature">Of the last step; null without a teacher.</param>
/// <param name="Alpha">Of the last step; null without a teacher.</param>
/// <param name="TrainAccuracy">Share of training images classified rightly.</param>
/// <param name="TrainAgreement">Share of training images where student and teacher choose the same class; null without
/// a teacher.</param>
/// <param name="HeldOut">The evaluation after this epoch; null where none was due.</param>
/// <param name="Seconds">Time of the epoch with its evaluation.</param>
/// <param name="ImagesPerSecond">Training images per second, without the evaluation.</param>
/// <param name="Remaining">Estimate for the rest of the stage.</param>
public sealed record EpochInfo(
    StageInfo Stage,
    int Epoch,
    LossTerms Loss,
    double LearningRate,
    double? Temperature,
    double? Alpha,
    double TrainAccuracy,
    double? TrainAgreement,
    HeldOutMetrics? HeldOut,
    double Seconds,
    double ImagesPerSecond,
    TimeSpan Remaining);

/// <summary>How a network does on images that it was not trained on.</summary>
/// <param name="Images">How many.</param>
/// <param name="Accuracy">Share classified rightly.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Entropy">Mean entropy of the network's predictions, in nats.</param>
/// <param name="Agreement">Share where the network chooses the teacher's class; null without a teacher.</param>
/// <param name="Extra">What else was measured, by name; null where nothing was.</param>
public sealed record HeldOutMetrics(
    int Images,
    double Accuracy,
    double Loss,
    double Entropy,
    double? Agreement,
    IReadOnlyDictionary<string, double>? Extra = null);
