namespace KdKernels.Distillation.Data;

/// <summary>
/// Purposes of the Philox streams of this namespace: one seed serves all of them, and none shares a word with another.
/// A value is part of the definition of every stored result, so it is never changed or reused.
/// </summary>
internal static class RandomPurpose
{
    /// <summary>Permutation of a split; "spli" in ASCII.</summary>
    public const uint Split = 0x73706C69;

    /// <summary>Order of the samples in an epoch; "orde".</summary>
    public const uint EpochOrder = 0x6F726465;

    /// <summary>Augmentation of a sample in an epoch; "augm".</summary>
    public const uint Augmentation = 0x6175676D;

    /// <summary>Images of Shapes to train on; "shtr".</summary>
    public const uint ShapesTrain = 0x73687472;

    /// <summary>Images of Shapes to test on; "shte".</summary>
    public const uint ShapesTest = 0x73687465;

    /// <summary>Sentences of Sentiment to train on; "setr".</summary>
    public const uint SentimentTrain = 0x73657472;

    /// <summary>Sentences of Sentiment to test on; "sete".</summary>
    public const uint SentimentTest = 0x73657465;

    /// <summary>Passages of SpanQuestions to train on; "sqtr".</summary>
    public const uint SpanTrain = 0x73717472;

    /// <summary>Passages of SpanQuestions to test on; "sqte".</summary>
    public const uint SpanTest = 0x73717465;

    /// <summary>Scenes to train on; "sctr".</summary>
    public const uint ScenesTrain = 0x73637472;

    /// <summary>Scenes to test on; "scte".</summary>
    public const uint ScenesTest = 0x73637465;

    /// <summary>Clouds to train on; "cltr".</summary>
    public const uint CloudsTrain = 0x636C7472;

    /// <summary>Clouds to test on; "clte".</summary>
    public const uint CloudsTest = 0x636C7465;

    /// <summary>Boxes and partners of CutMix; "cutm".</summary>
    public const uint CutMix = 0x6375746D;

    /// <summary>Shares and partners of Mixup; "mixu".</summary>
    public const uint Mixup = 0x6D697875;

    /// <summary>Items that the bootstrap of a claim draws; "clai".</summary>
    public const uint ClaimItems = 0x636C6169;

    /// <summary>Places, mirrorings and boxes of a batch that is changed again in a step; "augb".</summary>
    public const uint BatchAugmentation = 0x61756762;

    /// <summary>Sub-policies, their probabilities and signs of AutoAugment; "auto".</summary>
    public const uint AutoAugment = 0x6175746F;

    /// <summary>Rectangles of random erasing; "eras".</summary>
    public const uint RandomErasing = 0x65726173;
}
