# frozen_string_literal: true

# Facts without needless work. A custom fact, one of a module's lib/facter, is found out when a manifest, a template or
# hiera asks for it; `puppet apply` finds out all of them, asked or not, and some are slow programs of the image.
#
# Such a fact stands as a Later among the values of Puppet::Node::Facts. Whatever reads variables gets its value: the
# symbol table of a scope, the table of qualified variables, the expression $facts['NAME'], and ERB, to which Puppet
# gives all variables, for those that the template names. Who reads $facts as a whole gets it with all values.

# The value of a custom fact, once it is wanted; nil where there is no such fact here, as if nobody had defined it.
class Later
  # While ALL variables are handed over to a text: the text, which can use those only that it names.
  def self.text
    Thread.current[:later_text]
  end

  def self.text=(text)
    Thread.current[:later_text] = text
  end

  def self.value_of(held)
    held.is_a?(Later) ? held.value : held
  end

  # Takes `name` out of `table` where it is no fact.
  def self.settle(table, name)
    held = table[name]
    table.delete(name) if held.instance_of?(Later) && held.value.nil?
  end

  # `facts` with values, those of them that are facts here.
  def self.values_of(facts)
    facts.transform_values { |held| value_of(held) }.reject { |name, value| value.nil? && facts[name].is_a?(Later) }
  end

  def initialize(&find)
    @find = find
  end

  def value
    defined?(@value) ? @value : @value = frozen(@find.call)
  end

  # As far as `text` can see it.
  def named_in(_text)
    value
  end

  private

  # To the bottom, as Puppet has them.
  def frozen(value)
    case value
    when Hash then value.each { |pair| pair.each { |part| frozen(part) } }
    when Array then value.each { |part| frozen(part) }
    end
    value.freeze
  end
end

# The hash of all facts, some of which are Later.
class AllFacts < Later
  def initialize(facts)
    @facts = facts
    super() { Later.values_of(facts) }
  end

  def [](name)
    Later.value_of(@facts[name])
  end

  def named_in(text)
    Later.values_of(@facts.select { |name, held| !held.is_a?(Later) || text.include?(name) }).freeze
  end
end

# What `ip`, `lsblk` and others say while facts are found for the first time: Facter asks them for each fact again.
module SaidOnce
  def self.during
    @said = {}
    yield
  ensure
    @said = nil
  end

  def self.said(words)
    return yield unless @said

    (@said.fetch(words) { @said[words] = yield }).dup
  end

  def execute(command, options = {})
    SaidOnce.said([command, options.except(:logger)]) { super }
  end
end

# Makes Facter and Puppet leave custom facts for later.
module LaterFacts
  def self.install
    Facter::FactManager.prepend(Resolving)
    Facter::ExternalFactManager.prepend(Leaving)
    Puppet::Node::Facts.prepend(Sanitizing)
    Puppet::Node::Facts::Facter.prepend(Finding)
    Puppet::Parser::Scope::LocalScope.prepend(Table)
    Puppet::Parser::Scope.prepend(Reading)
    Puppet::Pops::Evaluator::EvaluatorImpl.prepend(Accessing)
    Puppet::Pops::Lookup::Interpolation.prepend(Interpolating)
    Puppet::Pops::Lookup::HieraConfig.prepend(Comparing)
    Puppet::Parser::TemplateWrapper.prepend(Template)
    Puppet::Util.singleton_class.prepend(TemplateBound)
  end

  # Only the facts of a catalog may be left for later: whoever else asks Facter wants values.
  module Finding
    def find(request)
      Thread.current[:later_facts] = true
      super
    ensure
      Thread.current[:later_facts] = false
    end
  end

  # Notes which names Facter's own facts have: a custom fact of such a name replaces them, so it cannot wait.
  module Resolving
    def resolve_facts(query = [])
      Thread.current[:later_names] = query.empty? && Thread.current[:later_facts]
      super
    ensure
      Thread.current[:later_names] = false
    end
  end

  # In the place of Facter's ExternalFactManager.
  module Leaving
    def resolve_facts(searched)
      return super unless Thread.current[:later_names]

      own = searched.reject { |fact| %i[custom external].include?(fact.type) }.map { |fact| fact.name[/\A[^.]+/] }.uniq
      given = LegacyFacter.collection.custom_facts.select { |_name, fact| fact.options[:is_env] }.keys.map(&:to_s)
      later = searched.select do |fact|
        fact.type == :custom && !fact.name.include?('.') && !own.include?(fact.name) && !given.include?(fact.name)
      end
      super(searched - later) + later.map { |fact| leave(fact) }
    end

    private

    def leave(searched)
      resolved = Facter::ResolvedFact.new(searched.name, nil, :custom)
      resolved.value = Later.new do
        found = Facter::ResolvedFact.new(searched.name, LegacyFacter[searched.name].value, :custom).value
        next if found.nil?

        Puppet::Node::Facts.new('later', { searched.name => found }).tap(&:sanitize).values.fetch(searched.name)
      end
      resolved
    end
  end

  # In the place of Puppet::Node::Facts.
  module Sanitizing
    private

    def sanitize_fact(fact)
      fact.is_a?(Later) ? fact : super
    end
  end

  # In the place of the symbol table of a scope.
  module Table
    def [](name)
      held = super
      return held unless held.is_a?(Later)

      Later.settle(@symbols, name)
      Later.text ? held.named_in(Later.text) : held.value
    end

    def bound?(name)
      Later.settle(@symbols, name)
      super
    end

    def add_entries_to(target = {}, include_undef = false)
      text = Later.text
      super.tap do |entries|
        entries.select { |_name, held| held.is_a?(Later) }.each do |name, held|
          value = (text ? held.named_in(text) : held.value) if text.nil? || text.include?(name)
          value.nil? ? entries.delete(name) : entries[name] = value
        end
      end
    end
  end

  # In the place of a scope.
  module Reading
    def set_facts(facts)
      facts.each_value { |held| deep_freeze(held) unless held.is_a?(Later) }
      all = AllFacts.new(facts)
      setvar('facts', all, privileged: true)
      compiler.instance_variable_set(:@all_facts, all)
    end

    def lookup_qualified_variable(name, options)
      Later.settle(compiler.qualified_variables, name)
      Later.value_of(super)
    end
  end

  # $facts['NAME'] and $facts[NAME] want one of them.
  module Accessing
    def eval_AccessExpression(expression, scope)
      keys = expression.keys
      facts = scope.compiler.instance_variable_get(:@all_facts) if names_facts?(expression.left_expr)
      return super unless facts && keys.size == 1 && word?(keys[0])

      facts[keys[0].value]
    end

    private

    def word?(key)
      key.is_a?(Puppet::Pops::Model::LiteralString) || key.is_a?(Puppet::Pops::Model::QualifiedName)
    end

    def names_facts?(left)
      left.is_a?(Puppet::Pops::Model::VariableExpression) && left.expr.is_a?(Puppet::Pops::Model::QualifiedName) &&
        %w[facts ::facts].include?(left.expr.value)
    end
  end

  # %{facts.NAME} in hiera, as long as no function is called there, which could read anything.
  module Interpolating
    def interpolate(value, context, allow_methods)
      return super if Later.text || !value.is_a?(String) || !value.include?('%{') || value.include?('(')

      begin
        Later.text = value
        super
      ensure
        Later.text = nil
      end
    end
  end

  # Whether what a module's hiera.yaml was read with is the same still: it names the facts that it means.
  module Comparing
    def scope_interpolations_stable?(invocation)
      before = Later.text
      Later.text = @scope_interpolations.map(&:first).join(' ') unless @scope_interpolations.empty?
      super
    ensure
      Later.text = before
    end
  end

  # An ERB template gets the variables of its scope as instance variables, which it can but name.
  module Template
    def result(string = nil)
      text = string || Puppet::FileSystem.read_preserve_line_endings(@__file__)
      Later.text = text unless text.match?(/instance_variable|\bbinding\b|eval\b/)
      super
    ensure
      Later.text = nil
    end
  end

  # All variables are given when the template begins.
  module TemplateBound
    def create_erb(*)
      Later.text = nil
      super
    end
  end
end
